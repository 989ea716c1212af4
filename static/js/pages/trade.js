// The trade page.

import "novate/pages/frame";
import "novate/elements/nv-book";
import "novate/elements/nv-chart";
import "novate/elements/nv-depth";
import "novate/elements/nv-halt";
import "novate/elements/nv-market-strip";
import "novate/elements/nv-tape";
import "novate/elements/nv-account-card";
import "novate/elements/nv-preview";
import "novate/elements/nv-ticket";
import "novate/elements/nv-cancel-all";
import "novate/elements/nv-close-all";
import "novate/elements/nv-fills";
import "novate/elements/nv-funding";
import "novate/elements/nv-open-orders";
import "novate/elements/nv-order-history";
import "novate/elements/nv-positions";
import "novate/elements/nv-phone";
import "novate/elements/nv-resizer";
import "novate/elements/nv-table-tools";
import "novate/elements/nv-tabs";
import "novate/elements/nv-fund";
