/** A path without its `.` and `..` segments (RFC 3986 §5.2.4). */
export function resolvedPath(path: string): string {
  if (!path.includes('/.')) return path
  const segments = path.split('/')
  const resolved: string[] = []
  for (const segment of segments) {
    if (segment === '..') {
      // The empty segment before the first slash stays.
      if (resolved.length > 1) resolved.pop()
    } else if (segment !== '.') resolved.push(segment)
  }
  const last = segments.at(-1)
  if (last === '.' || last === '..') resolved.push('')
  return resolved.join('/')
}
