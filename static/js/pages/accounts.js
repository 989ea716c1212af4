// Sub-accounts and transfers between them.

import "novate/pages/frame";
import "novate/elements/nv-accounts";
import "novate/elements/nv-transfer";
import "novate/elements/nv-transfers";
