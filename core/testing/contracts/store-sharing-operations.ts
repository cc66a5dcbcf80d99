import { expect } from 'vitest'
import type { ErrorCode } from '../../errors.ts'
import { allRights, type Rights } from '../../model/rights.ts'
import type { Mailbox } from '../../services/mailbox.ts'
import { expectCode } from './expectations.ts'
import {
  append,
  deliver,
  type StoreCase,
  type StoreFixture,
  type StoreNeed,
  sampleMessage,
  uidsOf,
} from './store-fixture.ts'
import { newScene, type Scene, snapshot } from './store-sharing-scene.ts'

/** Something that Bob does with Work or Work/Bills, both of which Ann has opened to him. */
interface Deed {
  readonly name: string
  /** The rights that it needs, each of them. */
  readonly needs: Rights
  /** Of these it needs one at least. */
  readonly oneOf?: Rights
  readonly abilities?: readonly StoreNeed[]
  /** `work` was opened while Bob had all rights. */
  run(scene: Scene, work: Mailbox): Promise<unknown>
}

const keep = async (messages: AsyncIterable<unknown>): Promise<void> => {
  for await (const message of messages) expect(message).toBeDefined()
}

// RFC 4314 §4, and RFC 5464 §3.3 for annotations.
const deeds: readonly Deed[] = [
  { name: 'openMailbox', needs: 'r', run: ({ bob, theirs }) => bob.openMailbox(theirs('Work')) },
  { name: 'status', needs: 'r', run: ({ bob, theirs }) => bob.status(theirs('Work')) },
  { name: 'refresh', needs: 'r', run: (_, work) => work.refresh() },
  { name: 'content', needs: 'r', run: (_, work) => work.content(uidsOf(work)[0] ?? 0) },
  { name: 'summaries', needs: 'r', run: (_, work) => keep(work.summaries(uidsOf(work))) },
  { name: 'search', needs: 'r', run: (_, work) => work.search({ kind: 'all' }) },
  { name: 'vanishedSince', needs: 'r', run: (_, work) => work.vanishedSince(work.highestModSequence) },
  { name: 'copy out of it', needs: 'r', run: (_, work) => work.copy(uidsOf(work), 'INBOX') },
  { name: 'move out of it', needs: 'rte', run: (_, work) => work.move(uidsOf(work), 'INBOX') },
  { name: 'expunge', needs: 're', run: (_, work) => work.expunge(uidsOf(work)) },
  {
    name: 'changing \\Seen',
    needs: 'rs',
    abilities: ['flags'],
    run: (_, work) => work.changeFlags(uidsOf(work), { add: ['\\Seen'] }),
  },
  {
    name: 'changing \\Deleted',
    needs: 'rt',
    abilities: ['flags'],
    run: (_, work) => work.changeFlags(uidsOf(work), { add: ['\\Deleted'] }),
  },
  {
    name: 'changing other flags',
    needs: 'rw',
    abilities: ['flags'],
    run: (_, work) => work.changeFlags(uidsOf(work), { add: ['\\Flagged'] }),
  },
  { name: 'append', needs: 'i', run: ({ bob, theirs }) => append(bob, [sampleMessage()], theirs('Work')) },
  { name: 'stage', needs: 'i', run: ({ bob, theirs }) => deliver(bob, sampleMessage(), theirs('Work')) },
  {
    name: 'stage, making the mailbox',
    needs: 'ik',
    run: ({ bob, theirs }) => deliver(bob, sampleMessage(), theirs('Work/New'), { create: true }),
  },
  { name: 'copy into it', needs: 'i', run: (scene) => intoWork(scene, 'copy') },
  { name: 'move into it', needs: 'i', run: (scene) => intoWork(scene, 'move') },
  { name: 'copy within it', needs: 'ri', run: ({ theirs }, work) => work.copy(uidsOf(work), theirs('Work')) },
  { name: 'createMailbox', needs: 'k', run: ({ bob, theirs }) => bob.createMailbox(theirs('Work/New/Sub')) },
  { name: 'deleteMailbox', needs: 'x', run: ({ bob, theirs }) => bob.deleteMailbox(theirs('Work/Bills')) },
  {
    name: 'renameMailbox',
    needs: 'kx',
    run: ({ bob, theirs }) => bob.renameMailbox(theirs('Work/Bills'), theirs('Work/Old')),
  },
  { name: 'accessList', needs: 'a', run: ({ bob, theirs }) => bob.accessList(theirs('Work')) },
  { name: 'setAccess', needs: 'a', run: ({ bob, theirs }) => bob.setAccess(theirs('Work'), 'anyone', 'l') },
  {
    name: 'metadata',
    needs: 'l',
    oneOf: 'rswip',
    abilities: ['metadata'],
    run: ({ bob, theirs }) => bob.metadata(theirs('Work')),
  },
  {
    name: 'setMetadata, for oneself',
    needs: 'l',
    oneOf: 'rswip',
    abilities: ['metadata'],
    run: ({ bob, theirs }) =>
      bob.setMetadata(theirs('Work'), new Map([['/private/comment', Buffer.from('x')]])),
  },
  {
    name: 'setMetadata, for all',
    needs: 'lw',
    abilities: ['metadata'],
    run: ({ bob, theirs }) =>
      bob.setMetadata(theirs('Work'), new Map([['/shared/comment', Buffer.from('x')]])),
  },
  {
    name: 'myRights',
    needs: '',
    oneOf: 'lrikxa',
    run: ({ bob, theirs }) => bob.myRights(theirs('Work')),
  },
]

async function intoWork({ bob, theirs }: Scene, how: 'copy' | 'move'): Promise<unknown> {
  const inbox = await bob.openMailbox('INBOX')
  return inbox[how](uidsOf(inbox), theirs('Work'))
}

/** A scene in which Bob has all rights, and Work open. */
async function opened(fixture: StoreFixture): Promise<{ readonly scene: Scene; readonly work: Mailbox }> {
  const scene = await newScene(fixture)
  await scene.give(allRights, 'Work', 'Work/Bills')
  return { scene, work: await scene.bob.openMailbox(scene.theirs('Work')) }
}

/** Does it after Bob's rights have become these. */
async function allow(fixture: StoreFixture, deed: Deed, rights: Rights): Promise<void> {
  const { scene, work } = await opened(fixture)
  await scene.give(rights, 'Work', 'Work/Bills')
  await deed.run(scene, work)
}

/** Demands that it is refused with each of some rights, by these codes, and that nothing has changed then. */
async function refuse(
  fixture: StoreFixture,
  deed: Deed,
  refusals: readonly (readonly [rights: Rights, ...codes: readonly ErrorCode[]])[],
): Promise<void> {
  const { scene, work } = await opened(fixture)
  for (const [rights, ...codes] of refusals) {
    await scene.give(rights, 'Work', 'Work/Bills')
    const before = [await snapshot(scene.ann), await snapshot(scene.bob)]
    await expectCode(deed.run(scene, work), ...codes)
    expect([await snapshot(scene.ann), await snapshot(scene.bob)], `with ${rights}`).toEqual(before)
  }
}

function without(letters: string): Rights {
  return [...allRights].filter((letter) => !letters.includes(letter)).join('')
}

function nameOf({ name, needs, oneOf }: Deed): string {
  const some = oneOf === undefined ? '' : `one of ${oneOf}`
  const what = [needs, some].filter((part) => part !== '').join(' and ')
  return `rights: ${name} needs ${what}, at the moment it is done`
}

/** Each operation with all rights, with those that it needs alone, and with each of these missing. */
export const sharingOperationCases: readonly StoreCase[] = deeds.map((deed) => ({
  name: nameOf(deed),
  needs: ['rights', 'mailboxes', ...(deed.abilities ?? [])],
  async run(fixture) {
    const { needs, oneOf = '' } = deed
    await allow(fixture, deed, allRights)
    for (const letter of oneOf === '' ? [''] : oneOf) await allow(fixture, deed, needs + letter)
    // RFC 4314 §6: what cannot be seen does not exist. Where something is made, nothing is told at all.
    const unseen = needs.includes('k') ? 'MAIL_E_PERMISSION' : 'MAIL_E_NOT_FOUND'
    await refuse(fixture, deed, [
      ...[...needs].flatMap((letter): readonly (readonly [Rights, ...ErrorCode[]])[] =>
        letter === 'l'
          ? [[without('l'), 'MAIL_E_NOT_FOUND']]
          : [
              [without(letter), 'MAIL_E_PERMISSION'],
              [without(`l${letter}`), unseen, 'MAIL_E_NOT_FOUND'],
            ],
      ),
      ...(oneOf === '' || needs === '' ? [] : [[without(oneOf), 'MAIL_E_PERMISSION'] as const]),
      [needs === '' ? without(oneOf) : '', 'MAIL_E_NOT_FOUND', 'MAIL_E_PERMISSION'],
    ])
  },
}))
