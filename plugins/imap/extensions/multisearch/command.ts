import { errorCode, type Mailbox } from 'mailwright'
import type { ImapCall, ImapCommand, ImapResult, ImapSearchScope, ImapSession } from 'mailwright/imap'
import { ok, Refusal } from '../../engine/result.ts'
import { showing } from '../../engine/showing.ts'
import { readCriteria, type SearchCriteria } from '../../search/criteria.ts'
import { Progress } from '../../search/progress.ts'
import { answerReturns, withinLimit } from '../../search/response.ts'
import { searchResult } from '../../search/result.ts'
import { allReturned, readReturns, type SearchReturns } from '../../search/returns.ts'
import { otherScope, selectedScope } from '../../search/scope.ts'
import { MailboxSearch } from '../../search/search.ts'
import { readSearchCharset } from '../search/command.ts'
import { namesOf, readSources, type SearchSource } from './sources.ts'

/** ESEARCH (RFC 7377 §2). */
export const esearchCommand: ImapCommand = {
  states: ['authenticated', 'selected'],
  async run(call) {
    const { args, session, tag } = call
    args.space()
    const sources = readGivenSources(call)
    const selectedOnly = sources.every(({ kind }) => kind === 'selected')
    if (sources.some(({ kind }) => kind === 'selected') && session.selected === undefined)
      args.fail('No mailbox is selected')
    const request = { session, tag, selectedOnly }
    const asked = readReturns(args, request)
    if (asked !== undefined) args.space()
    const returns = asked ?? allReturned(args, request)
    try {
      const criteria = readCriteria(args, session, readSearchCharset(args, session))
      const result = await new Search(call, returns, criteria).run(sources)
      return { ...result, keepsNumbers: criteria.usesNumbers }
    } catch (error) {
      returns.refused(session, error)
      throw error
    }
  },
}

/** Without any it is the selected mailbox. */
function readGivenSources({ args }: ImapCall): readonly SearchSource[] {
  if (!args.sees('IN (')) return [{ kind: 'selected' }]
  const sources = readSources(args)
  args.space()
  return sources
}

interface Searched {
  /** How many messages were found. */
  readonly found: number
  readonly told: ImapResult
}

class Search {
  readonly #session: ImapSession
  readonly #tag: string
  readonly #returns: SearchReturns
  readonly #criteria: SearchCriteria

  constructor({ session, tag }: ImapCall, returns: SearchReturns, criteria: SearchCriteria) {
    this.#session = session
    this.#tag = tag
    this.#returns = returns
    this.#criteria = criteria
  }

  async run(sources: readonly SearchSource[]): Promise<ImapResult> {
    const { out, mail, selected, server } = this.#session
    const names = await namesOf(sources, mail, selected?.name)
    const progress = new Progress(this.#session, this.#tag)
    const most = server.limits.messagesPerCommand
    let found = 0
    let told = ok('Searched')
    for (const [index, name] of names.entries()) {
      progress.is(index, names.length)
      // RFC 7377 §2.4: of several mailboxes each is told of whole, or not at all.
      if (most > 0 && found > most) return ok('Only a part of the mailboxes was searched', 'LIMIT')
      const searched = await this.#searchNamed(name, progress, names.length === 1)
      found += searched?.found ?? 0
      told = searched?.told ?? told
      await out.ready()
    }
    return told
  }

  /** Undefined where there is none for the client. */
  async #searchNamed(name: string, progress: Progress, isOnly: boolean): Promise<Searched | undefined> {
    const { selected } = this.#session
    if (selected?.name === name) {
      await showing(this.#session, () => selected.readAfresh())
      return this.#searchScope(selectedScope(selected), progress, isOnly)
    }
    const mailbox = await this.#open(name)
    if (mailbox === undefined) return undefined
    try {
      return await this.#searchScope(otherScope(mailbox), progress, isOnly)
    } catch (error) {
      // It was removed, or the right to read it taken away, just now.
      if (isHidden(error)) return undefined
      throw error
    } finally {
      await mailbox.close()
    }
  }

  /** RFC 7377 §2.2, §5: what must not be searched looks as if it were not there. */
  async #open(name: string): Promise<Mailbox | undefined> {
    try {
      await this.#session.access(name, 'read')
      return await this.#session.mail.openMailbox(name)
    } catch (error) {
      if (error instanceof Refusal || isHidden(error) || errorCode(error) === 'MAIL_E_INVALID')
        return undefined
      throw error
    }
  }

  /** Of the only mailbox no more is told than a command may tell of. */
  async #searchScope(scope: ImapSearchScope, progress: Progress, isOnly: boolean): Promise<Searched> {
    const session = this.#session
    const { mailbox, selected } = scope
    const search = new MailboxSearch(session, scope, this.#criteria.term)
    const uids = await progress.during(() => search.run())
    const correlator = `(TAG "${this.#tag}" MAILBOX ${session.out.mailbox(mailbox.name)} UIDVALIDITY ${mailbox.uidValidity})`
    const whole = searchResult(
      {
        session,
        mailbox,
        selected,
        tag: this.#tag,
        byUid: true,
        uids,
        sorted: false,
        again: (among) => search.again(among),
      },
      correlator,
    )
    // RFC 7377 §2.1: mailboxes where nothing was found are passed over.
    const silent = uids.length === 0 || this.#returns.areSilent
    const { result, told } = isOnly
      ? withinLimit(whole, this.#returns)
      : { result: whole, told: ok('Searched') }
    await answerReturns(this.#returns, result, this.#criteria.usesModSequence, silent)
    return { found: uids.length, told }
  }
}

function isHidden(error: unknown): boolean {
  const code = errorCode(error)
  return code === 'MAIL_E_NOT_FOUND' || code === 'MAIL_E_PERMISSION'
}
