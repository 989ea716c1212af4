// The API reference.

import "novate/pages/frame";
import "novate/elements/nv-docs";
import "novate/elements/nv-try";
