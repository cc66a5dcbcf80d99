/** The array, or a longer copy of it where it has fewer elements: so long that elements can be added one by one. */
export function grown<T extends Uint8Array | Uint32Array | Float64Array>(array: T, length: number): T {
  if (length <= array.length) return array
  const room = Math.max(length, array.length + (array.length >>> 1), 64)
  const longer = new (array.constructor as new (length: number) => T)(room)
  longer.set(array)
  return longer
}
