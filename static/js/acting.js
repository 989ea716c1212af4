// All tabs of a browser act for the same account: a page that shows another one loads anew.

const mine = document.documentElement.dataset.accountNumber;
const channel = new BroadcastChannel("novate.acting");

channel.onmessage = ({ data }) => {
  if (mine && data && data !== mine) location.reload();
};
if (mine) channel.postMessage(mine);

// Whom a page acted for when it was left may be another one now.
addEventListener("pageshow", ({ persisted }) => persisted && location.reload());
