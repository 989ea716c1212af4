// After sign-up.

import "novate/pages/frame";
import "novate/elements/nv-welcome";
import "novate/elements/nv-fund";
