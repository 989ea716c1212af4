"""Fifty texts that would do something if a page took them for markup, code or an address.

Each calls xss() by some door; the window of the test counts the calls. None is longer than 64
characters, so that each can be a label, a name of a key or, cut, of an account.
"""

from typing import Final

PAYLOADS: Final = (
    "<script>xss()</script>",
    "<ScRiPt>xss()</sCrIpT>",
    "<script src=//x.test/x.js></script>",
    "<img src=x onerror=xss()>",
    "<img/src=x/onerror=xss()>",
    '"><img src=x onerror=xss()>',
    "'><img src=x onerror=xss()>",
    "<svg onload=xss()>",
    "<svg/onload=xss()>",
    "<svg><script>xss()</script></svg>",
    "<svg><animate onbegin=xss() attributeName=x>",
    "<body onload=xss()>",
    "<iframe src=javascript:xss()>",
    "<iframe srcdoc='<script>parent.xss()</script>'>",
    "<object data=javascript:xss()>",
    "<embed src=javascript:xss()>",
    "<a href=javascript:xss()>go</a>",
    "<a href='java&#10;script:xss()'>go</a>",
    "javascript:xss()",
    "JaVaScRiPt:xss()//",
    "data:text/html,<script>xss()</script>",
    "<details open ontoggle=xss()>",
    "<input autofocus onfocus=xss()>",
    "<select autofocus onfocus=xss()>",
    "<textarea autofocus onfocus=xss()>",
    "<video><source onerror=xss()>",
    "<audio src=x onerror=xss()>",
    "<marquee onstart=xss()>",
    "<button autofocus onfocus=xss()>x",
    "<form action=javascript:xss()><button>go",
    "<math href=javascript:xss()>x</math>",
    "<style>@import'javascript:xss()';</style>",
    "<link rel=stylesheet href=//x.test/x.css>",
    "<base href=//x.test/>",
    "<meta http-equiv=refresh content='0;javascript:xss()'>",
    "</title><script>xss()</script>",
    "</textarea><script>xss()</script>",
    "</script><script>xss()</script>",
    "--><script>xss()</script>",
    "]]><script>xss()</script>",
    '" onmouseover=xss() x="',
    "' autofocus onfocus=xss() x='",
    '" style=animation-name:x onanimationstart=xss() x="',
    "${xss()}",
    "{{constructor.constructor('xss()')()}}",
    "{% load xss %}{{ settings.SECRET_KEY }}",
    "\\u003cscript\\u003exss()\\u003c/script\\u003e",
    "&lt;script&gt;xss()&lt;/script&gt;",
    "<x contenteditable onblur=xss()>",
    '";xss();//',
)
assert len(PAYLOADS) == len(set(PAYLOADS)) == 50
assert all(len(text) <= 64 and text.isprintable() for text in PAYLOADS)
