/** What is frozen through and through. */
const frozen = new WeakSet<object>()

/**
 * The value of a rewrite as taps get it, and what they answer as the flow does: changed in place, it would get past the checks of
 * answers and the history. It is a copy, since a tap goes on with its own, but members of lists stay who they are: a tap knows its own
 * edits again. What has methods, such as a message, is left as it is.
 */
export function frozenValue(value: unknown): unknown {
  if (!isData(value) || frozen.has(value)) return value
  const copy = Array.isArray(value)
    ? Array.from(value, frozenInPlace)
    : Object.fromEntries(Object.entries(value).map(([name, each]) => [name, frozenValue(each)]))
  frozen.add(copy)
  return Object.freeze(copy)
}

function frozenInPlace(value: unknown): unknown {
  if (!isData(value) || frozen.has(value)) return value
  // Before its parts: it may be one of them.
  frozen.add(value)
  for (const part of Object.values(value)) frozenInPlace(part)
  return Object.freeze(value)
}

function isData(value: unknown): value is object {
  if (typeof value !== 'object' || value === null) return false
  if (Array.isArray(value)) return true
  const prototype = Object.getPrototypeOf(value)
  if (prototype !== Object.prototype && prototype !== null) return false
  return Object.values(value).every((part) => typeof part !== 'function')
}
