// Reads the JSON API, and knows whether the server answers.

export class ApiError extends Error {
  constructor(message, status) {
    super(message);
    this.status = status;
  }
}

/** Fires `change` with `detail` true or false when the server starts or stops to answer. */
export const connection = new EventTarget();
let reachable = true;

export function isReachable() {
  return reachable;
}

export function setReachable(value) {
  if (reachable === value) return;
  reachable = value;
  connection.dispatchEvent(new CustomEvent("change", { detail: value }));
}

/** Returns the URL of a path of the API, also if the page is nested below another path. */
export function apiUrl(path, query) {
  const url = new URL(`api/${path}`, document.baseURI);
  for (const [name, value] of Object.entries(query ?? {})) {
    for (const one of [value].flat()) {
      if (one !== undefined && one !== null && one !== "") url.searchParams.append(name, one);
    }
  }
  return url;
}

/**
 * Reads JSON. Throws `ApiError` with the server's own words, or with what to do if the server is gone.
 * An aborted request throws `AbortError`.
 */
export async function get(path, query, signal) {
  let response;
  try {
    response = await fetch(apiUrl(path, query), { signal, headers: { accept: "application/json" } });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    setReachable(false);
    throw new ApiError(`The viewer at ${document.baseURI} does not answer. Is the process still running?`, 0);
  }
  setReachable(true);
  const body = await response.json().catch((error) => {
    if (error.name === "AbortError") throw error;
    return { error: `${path}: the answer is not JSON (status ${response.status}).` };
  });
  if (!response.ok || body.error) {
    throw new ApiError(body.error ?? `${path}: status ${response.status}`, response.status);
  }
  return body;
}

export const pathPart = encodeURIComponent;
