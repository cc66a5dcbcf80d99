import type { MessageEntry } from 'mailwright'
import type {
  ImapArguments,
  ImapCall,
  ImapFetchRequest,
  ImapSelected,
  ImapSequenceSet,
  ImapSession,
} from 'mailwright/imap'
import { itemsIn } from '../../engine/partial-range.ts'
import { FetchedItems } from './fetched-items.ts'
import { fetchMacros } from './items.ts'

/** A FETCH command as it was read. */
export class FetchRequest implements ImapFetchRequest {
  readonly session: ImapSession
  readonly selected: ImapSelected
  readonly byUid: boolean
  readonly set: ImapSequenceSet
  readonly items: FetchedItems
  readonly tasks: (() => Promise<void>)[] = []
  readonly #tests: ((entry: MessageEntry) => boolean)[] = []
  changedSince: number | undefined
  window: { readonly first: number; readonly last: number } | undefined

  constructor(call: ImapCall, selected: ImapSelected) {
    const { args, session, byUid } = call
    this.session = session
    this.selected = selected
    this.byUid = byUid
    this.items = new FetchedItems(session)
    args.space()
    this.set = args.sequenceSet()
    args.space()
    this.#readItems(args)
    if (args.takes(' ')) this.#readModifiers(args)
    args.end()
  }

  #readItems(args: ImapArguments): void {
    if (!args.sees('(')) {
      for (const macro of Object.keys(fetchMacros))
        if (args.sees(macro) && args.takes(macro)) {
          for (const item of fetchMacros[macro] ?? []) this.items.ask(item)
          return
        }
      this.items.read(args)
      return
    }
    args.list(() => this.items.read(args), 1)
  }

  #readModifiers(args: ImapArguments): void {
    const names = args.list(() => {
      const name = args.word()
      const modifier = this.session.server.vocabulary.fetchModifiers.get(name)
      if (modifier === undefined) return args.fail(`The modifier ${name} is unknown`)
      modifier(args, this)
      return name
    }, 1)
    if (new Set(names).size < names.length) args.fail('A modifier is given twice')
  }

  keepOnly(test: (entry: MessageEntry) => boolean): void {
    this.#tests.push(test)
  }

  also(name: string): void {
    this.items.also(name)
  }

  before(task: () => Promise<void>): void {
    this.tasks.push(task)
  }

  /** The messages that are fetched. RFC 9394 §3.4: the window is one of the whole set, and tests hold within it. */
  messages(): readonly MessageEntry[] {
    const all = this.selected.resolve(this.set, this.byUid)
    const page = this.window === undefined ? all : itemsIn(all, this.window)
    return this.#tests.reduce((entries, test) => entries.filter(test), page)
  }
}
