import type { OptionReader } from '../options.ts'

/** Reads the option `detailSeparator`: what separates the detail from a local part (RFC 5233); empty where nothing does. */
export function readDetailSeparator(read: OptionReader): string {
  const given = read.value('detailSeparator')
  const value = given === undefined ? '+' : given
  if (typeof value === 'string' && /^[^\w@"\s]{0,2}$/.test(value)) return value
  read.fault('detailSeparator', 'must be one or two punctuation characters such as "+", or empty')
  return ''
}
