// The first page: every market.

import "novate/pages/frame";
import "novate/elements/nv-markets";
import "novate/elements/nv-spark";
import "novate/elements/nv-welcome";
import "novate/elements/nv-fund";
