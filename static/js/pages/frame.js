// What every page carries: connection, account health, theme, market switcher, messages.

import "novate/elements/nv-account-health";
import "novate/elements/nv-connection";
import "novate/elements/nv-liquidation";
import "novate/elements/nv-market-switcher";
import "novate/elements/nv-notices";
import "novate/elements/nv-notice-settings";
import "novate/elements/nv-shortcuts";
import "novate/elements/nv-theme";
import "novate/elements/nv-toasts";
import "novate/acting";
import { startAnnouncing } from "novate/announcer";
import "novate/stale";

startAnnouncing();
// On a phone the account's pages are more than fit beside each other.
document.querySelector(".subnav [aria-current]")?.scrollIntoView({ inline: "center", block: "nearest" });
