// The status page.

import "novate/pages/frame";
import "novate/elements/nv-status";
