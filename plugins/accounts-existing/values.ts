// What drivers give for a column, as the values that were meant.

const onWords: ReadonlySet<string> = new Set(['1', 'y', 'yes', 't', 'true', 'on', 'enabled', 'active'])

/** A column as text; undefined where it is null or not there. Binary columns hold UTF-8. */
export function textOf(value: unknown): string | undefined {
  if (typeof value === 'string') return value
  if (typeof value === 'number' || typeof value === 'bigint' || typeof value === 'boolean')
    return String(value)
  if (Buffer.isBuffer(value)) return value.toString('utf8')
  return value instanceof Date ? value.toISOString() : undefined
}

/** The same, and undefined where it is empty. */
export function filledText(value: unknown): string | undefined {
  const text = textOf(value)
  return text === '' ? undefined : text
}

/** A switch: a number other than 0, a word such as `Y` or `true`, or a `bit(1)`. Whatever else is off, null as well. */
export function isOn(value: unknown): boolean {
  if (Buffer.isBuffer(value) && value.length === 1 && (value[0] ?? 0) <= 1) return value[0] === 1
  const text = textOf(value)?.trim().toLowerCase() ?? ''
  return onWords.has(text) || (/^\d+$/.test(text) && Number(text) !== 0)
}
