// Addresses of the page: `/`, `/trace/{id}`, `/compare`, `/tokens`, `/logs`, relative to the base of the page.

const base = new URL(document.baseURI).pathname;
let render = () => {};

/** Returns the path below the base, without a slash at its start, and the query. */
export function location() {
  const { pathname, search } = window.location;
  const path = pathname.startsWith(base) ? pathname.slice(base.length) : pathname.slice(1);
  return { path: path.replace(/^\/+|\/+$/g, ""), query: new URLSearchParams(search) };
}

/** Returns the address of a path with a query. Empty values are left out. */
export function address(path, query) {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query ?? {})) {
    for (const one of [value].flat()) {
      if (one !== undefined && one !== null && one !== "" && one !== false) search.append(name, one);
    }
  }
  const text = search.toString();
  return `${base}${path}${text ? `?${text}` : ""}`;
}

/** Shows an address. With `replace`, the history gets no new entry. */
export function navigate(url, { replace = false } = {}) {
  if (url === window.location.pathname + window.location.search) return render();
  history[replace ? "replaceState" : "pushState"](null, "", url);
  render();
}

/** Changes the address without showing it again. */
export function rewrite(url) {
  history.replaceState(null, "", url);
}

/** Calls `show` now, when the user goes back or forward, and when a link of the page is followed. */
export function start(show) {
  render = show;
  addEventListener("popstate", () => render());
  document.addEventListener("click", (event) => {
    const link = event.target.closest?.("a[href]");
    if (!link || event.defaultPrevented || event.button !== 0 || link.target || link.hasAttribute("download")) return;
    if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    const url = new URL(link.href);
    if (url.origin !== window.location.origin || !url.pathname.startsWith(base)) return;
    if (/^(api|assets)\//.test(url.pathname.slice(base.length))) return;
    event.preventDefault();
    navigate(url.pathname + url.search);
  });
  render();
}
