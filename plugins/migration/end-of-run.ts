import { MailwrightError } from 'mailwright'

/** Nothing more can be imported now: going on with the next message or mailbox makes no sense. */
export class EndOfRun extends MailwrightError {}

/** Somebody does not want this; something else may be taken. */
export function isRefusal(error: unknown): boolean {
  return (
    error instanceof MailwrightError && error.code !== 'MAIL_E_UNAVAILABLE' && !(error instanceof EndOfRun)
  )
}
