// The portfolio page.

import "novate/pages/frame";
import "novate/elements/nv-portfolio";
import "novate/elements/nv-margin";
import "novate/elements/nv-ledger";
import "novate/elements/nv-deposits";
import "novate/elements/nv-positions";
import "novate/elements/nv-open-orders";
import "novate/elements/nv-fund";
