// The account's own pages: keys, two-factor sign-in, sessions, password.

import "novate/pages/frame";
import "novate/elements/nv-copy";
