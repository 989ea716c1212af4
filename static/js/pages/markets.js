// The first page: every market.

import "novate/pages/frame";
import "novate/elements/nv-markets";
import "novate/elements/nv-spark";
