import { parseDay } from './calendar-day.ts'
import { invalidCriterion } from './invalid-criterion.ts'

/** The test of days, as `dayOf` counts them, that a criterion by day stands for. MAIL_E_INVALID where there is no such day. */
export function dayTest(is: 'before' | 'on' | 'since', written: string): (day: number) => boolean {
  const wanted = parseDay(written)
  if (wanted === undefined) throw invalidCriterion(`there is no day ${JSON.stringify(written)}`)
  switch (is) {
    case 'before':
      return (day) => day < wanted
    case 'on':
      return (day) => day === wanted
    case 'since':
      return (day) => day >= wanted
    default:
      throw invalidCriterion(`a day is not compared by ${JSON.stringify(is)}`)
  }
}
