import { parseDate } from '../model/header/date.ts'

// What stands before the time.
const day = /^[^:]{0,100}?\d{1,2}[ \t-]{1,10}[A-Za-z]{3,9}[ \t-]{1,10}\d{2,5}(?=[ \t]|$)/

/** The moment that a Date field names: at 00:00:00 UTC where its day is good and its time is not (RFC 5256 §2.2). */
export function sentMoment(written: string): Date | undefined {
  return parseDate(written) ?? startOfDay(written)
}

/** The beginning of the day that a Date field names, whatever follows it. */
export function startOfDay(written: string): Date | undefined {
  const [date] = day.exec(written) ?? []
  return date === undefined ? undefined : parseDate(`${date} 00:00:00`)
}
