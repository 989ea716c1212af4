// Money in and out.

import "novate/pages/frame";
import "novate/elements/nv-portfolio";
import "novate/elements/nv-ledger";
import "novate/elements/nv-deposits";
import "novate/elements/nv-withdraw";
import "novate/elements/nv-fund";
