import { parseDate } from '../model/header/date.ts'
import type { Header } from '../model/header/header-fields.ts'
import { namedFields } from './named-fields.ts'
import { startOfDay } from './sent-moment.ts'

const millisecondsOfDay = 86_400_000
const writtenDay = /^(\d{4})-(\d{2})-(\d{2})$/
// RFC 5322 §3.3 and §4.3: the zone, and comments behind it.
const zone = /[ \t]*(?:[+-]\d{4}|[A-Za-z]{1,5})[ \t]*(?:\([^()]*\)[ \t]*)*$/

/** The day of a moment in UTC, counted from 1 January 1970. */
export function dayOf(moment: Date): number {
  return Math.floor(moment.getTime() / millisecondsOfDay)
}

/** The number of a day that is written as `2026-02-28`; undefined where there is no such day. */
export function parseDay(text: string): number | undefined {
  const [, year, month, day] = writtenDay.exec(text) ?? []
  if (year === undefined) return undefined
  const moment = new Date(Date.UTC(2000, Number(month) - 1, Number(day)))
  // Set apart, as Date.UTC takes the years 0 to 99 for others.
  moment.setUTCFullYear(Number(year), Number(month) - 1, Number(day))
  return moment.getUTCMonth() === Number(month) - 1 && moment.getUTCDate() === Number(day)
    ? dayOf(moment)
    : undefined
}

/**
 * The day that a message's Date field names, in its own time zone (RFC 9051 §6.4.4 disregards time and zone), also where
 * its time is none; undefined where it names no day. The first Date field counts.
 */
export function sentDay(message: { readonly header: Header }): number | undefined {
  const written = namedFields(message, 'date')[0]?.body
  if (written === undefined) return undefined
  const moment = parseDate(written)
  // Without its zone the date is read as one of UTC, and its day there is the one that is written.
  const day = moment === undefined ? startOfDay(written) : (parseDate(written.replace(zone, '')) ?? moment)
  return day && dayOf(day)
}
