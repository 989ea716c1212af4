// The portfolio's overview.

import "novate/pages/frame";
import "novate/elements/nv-portfolio";
import "novate/elements/nv-equity";
import "novate/elements/nv-profit";
import "novate/elements/nv-margin";
import "novate/elements/nv-stress";
import "novate/elements/nv-positions";
import "novate/elements/nv-open-orders";
