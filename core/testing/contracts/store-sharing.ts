import { expect, vi } from 'vitest'
import { allRights } from '../../model/rights.ts'
import { expectCode, outcomeOf } from './expectations.ts'
import {
  append,
  contentsOf,
  deliver,
  messageOfSize,
  namesOf,
  otherAccount,
  reopened,
  type StoreCase,
  sampleMessage,
  stage,
  text,
  uidsOf,
} from './store-fixture.ts'
import { sharingOperationCases } from './store-sharing-operations.ts'
import { foreignNames, newScene } from './store-sharing-scene.ts'
import { sharingTransferCases } from './store-sharing-transfers.ts'
import { sharingWatchCases } from './store-sharing-watch.ts'

/** What every call answers that names a mailbox which cannot be seen. */
const hiddenCases: readonly StoreCase[] = [
  {
    name: 'sharing: what is not opened to an account is told from what does not exist by no call (RFC 4314 §6)',
    needs: ['rights', 'mailboxes'],
    async run(fixture) {
      const { ann, bob, theirs } = await newScene(fixture)
      await ann.setAccess('Work/Bills', 'anyone', 'lr')
      const nobody = `Other Users/nobody@${bob.account.address.domain}/Work`
      const inbox = await bob.openMailbox('INBOX')
      for (const name of [theirs('Work'), theirs('Nowhere'), theirs('INBOX'), nobody]) {
        await expectCode(bob.openMailbox(name), 'MAIL_E_NOT_FOUND')
        await expectCode(bob.status(name), 'MAIL_E_NOT_FOUND')
        await expectCode(bob.deleteMailbox(name), 'MAIL_E_NOT_FOUND')
        await expectCode(bob.renameMailbox(name, 'Mine'), 'MAIL_E_NOT_FOUND')
        await expectCode(stage(bob, sampleMessage(), name), 'MAIL_E_NOT_FOUND')
        await expectCode(append(bob, [sampleMessage()], name), 'MAIL_E_NOT_FOUND')
        await expectCode(inbox.copy(uidsOf(inbox), name), 'MAIL_E_NOT_FOUND')
        await expectCode(inbox.move(uidsOf(inbox), name), 'MAIL_E_NOT_FOUND')
        await expectCode(bob.myRights(name), 'MAIL_E_NOT_FOUND')
        await expectCode(bob.accessList(name), 'MAIL_E_NOT_FOUND')
        await expectCode(bob.setAccess(name, 'anyone', 'l'), 'MAIL_E_NOT_FOUND')
        await expectCode(bob.createMailbox(`${name}/New`), 'MAIL_E_PERMISSION')
        await expectCode(bob.createMailbox(name), 'MAIL_E_PERMISSION')
        await expectCode(bob.renameMailbox('INBOX', `${name}/New`), 'MAIL_E_PERMISSION', 'MAIL_E_INVALID')
        await expectCode(stage(bob, sampleMessage(), name, { create: true }), 'MAIL_E_PERMISSION')
        if (fixture.store.supports.metadata) await expectCode(bob.metadata(name), 'MAIL_E_NOT_FOUND')
      }
      expect(await foreignNames(bob)).toEqual([theirs('Work/Bills')])
      expect(await contentsOf(bob)).toHaveLength(1)
      expect((await ann.usage()).messages).toBe(3)
    },
  },
  {
    name: 'sharing: names that only look like another’s lead nowhere',
    needs: ['rights', 'mailboxes'],
    async run(fixture) {
      const { bob, theirs, give } = await newScene(fixture)
      await give(allRights, 'Work')
      const name = theirs('Work')
      const lookalikes = [
        name.toUpperCase(),
        name.toLowerCase(),
        `${name}/`,
        `/${name}`,
        `${name}/../Bills`,
        `${name}/.`,
        theirs('./Work'),
        theirs('work'),
        theirs('Work%'),
        theirs('W%6Frk'),
        theirs('inbox'),
        theirs(''),
        theirs('Work\0'),
        theirs('Work\r\n'),
        name.replace('@', '%40'),
        name.replace('Users', 'Users~'),
      ]
      for (const lookalike of lookalikes) {
        await expectCode(bob.openMailbox(lookalike), 'MAIL_E_NOT_FOUND', 'MAIL_E_INVALID')
        await expectCode(append(bob, [sampleMessage()], lookalike), 'MAIL_E_NOT_FOUND', 'MAIL_E_INVALID')
        await expectCode(bob.deleteMailbox(lookalike), 'MAIL_E_NOT_FOUND', 'MAIL_E_INVALID')
      }
      for (const reserved of ['Other Users', theirs('').slice(0, -1)])
        await expectCode(bob.createMailbox(reserved), 'MAIL_E_INVALID', 'MAIL_E_PERMISSION')
    },
  },
]

const listCases: readonly StoreCase[] = [
  {
    name: 'sharing: a mailbox that is opened is listed for those it is opened to, and for nobody else',
    needs: ['rights', 'mailboxes'],
    async run(fixture) {
      const { ann, bob, theirs, give } = await newScene(fixture)
      const carol = await fixture.store.open(otherAccount(fixture.account, 'carol'))
      await give('lr', 'Work')
      expect(await foreignNames(bob)).toEqual([theirs('Work')])
      const listed = (await bob.mailboxes()).find((mailbox) => mailbox.name === theirs('Work'))
      expect(listed).toMatchObject({ namespace: 'other', subscribed: false })
      expect(await foreignNames(carol)).toEqual([])
      await give('r', 'Work')
      expect(await foreignNames(bob), 'readable, but not to be seen').toEqual([])
      expect(await bob.status(theirs('Work'))).toMatchObject({ name: theirs('Work'), messages: 3 })
      await give('', 'Work')
      expect(await foreignNames(bob)).toEqual([])
      expect(await namesOf(ann)).toEqual(['INBOX', 'Work', 'Work/Bills'])
    },
  },
  {
    name: 'sharing: of a mailbox below one that is not opened only itself is listed (RFC 4314 §4)',
    needs: ['rights', 'mailboxes'],
    async run(fixture) {
      const { ann, bob, theirs } = await newScene(fixture)
      await ann.createMailbox('INBOX/Sub')
      await ann.setAccess('INBOX/Sub', 'anyone', 'lr')
      await ann.setAccess('Work/Bills', bob.account.id, 'l')
      expect((await foreignNames(bob)).filter((name) => name.startsWith(theirs('')))).toEqual([
        theirs('INBOX/Sub'),
        theirs('Work/Bills'),
      ])
      await expectCode(bob.status(theirs('INBOX')), 'MAIL_E_NOT_FOUND')
    },
  },
  {
    name: 'sharing: one’s own mailboxes are not among those of others',
    needs: ['rights', 'mailboxes'],
    async run(fixture) {
      const { ann, theirs } = await newScene(fixture)
      await ann.setAccess('Work', 'anyone', allRights)
      expect((await namesOf(ann)).filter((name) => name.startsWith(theirs('')))).toEqual([])
      await expectCode(ann.openMailbox(theirs('Work')), 'MAIL_E_NOT_FOUND')
    },
  },
  {
    name: 'sharing: everybody, an id and an address are spoken of; what is taken away stays away (RFC 4314 §2)',
    needs: ['rights', 'mailboxes'],
    async run(fixture) {
      const { ann, bob, theirs, give } = await newScene(fixture)
      const { localPart, domain } = bob.account.address
      await ann.setAccess('Work', 'anyone', 'l')
      await ann.setAccess('Work', `${localPart.toUpperCase()}@${domain}`, 'rs')
      expect(await bob.myRights(theirs('Work'))).toBe('lrs')
      // In place of what was given to the address, or beside it: an account may have one line or two.
      await give('rswi', 'Work')
      expect(await bob.myRights(theirs('Work'))).toBe('lrswi')
      await ann.setAccess('Work', '-anyone', 's')
      await ann.setAccess('Work', `-${bob.account.id}`, 'w')
      expect(await bob.myRights(theirs('Work'))).toBe('lri')
      const carol = await fixture.store.open(otherAccount(fixture.account, 'carol'))
      expect(await carol.myRights(theirs('Work'))).toBe('l')
    },
  },
  {
    name: 'sharing: whoever may do anything of the mailbox itself learns which rights, and nobody else (RFC 4314 §4)',
    needs: ['rights', 'mailboxes'],
    async run(fixture) {
      const { bob, theirs, give } = await newScene(fixture)
      for (const right of allRights) {
        await give(right, 'Work')
        if ('lrikxa'.includes(right)) expect(await bob.myRights(theirs('Work'))).toBe(right)
        else await expectCode(bob.myRights(theirs('Work')), 'MAIL_E_NOT_FOUND')
      }
    },
  },
  {
    name: 'sharing: an own line for each identifier, however it is spelled; the owner’s line cannot be changed',
    needs: ['rights', 'mailboxes'],
    async run(fixture) {
      const { ann, bob, theirs, give } = await newScene(fixture)
      await give(allRights, 'Work')
      for (const identifier of ['X@Example.org', 'x@example.ORG', '"x"@example.org'])
        await bob.setAccess(theirs('Work'), identifier, 'l')
      const owner = { identifier: ann.account.id, rights: allRights }
      const list = [owner, { identifier: bob.account.id, rights: allRights }]
      expect(await ann.accessList('Work')).toMatchObject([
        ...list,
        { identifier: 'x@example.org', rights: 'l' },
      ])
      await bob.setAccess(theirs('Work'), 'x@example.org', '')
      await bob.setAccess(theirs('Work'), ann.account.id, allRights)
      for (const rights of ['', 'lr'])
        await expectCode(bob.setAccess(theirs('Work'), ann.account.id, rights), 'MAIL_E_INVALID')
      await expectCode(ann.setAccess('Work', `-${ann.account.id}`, 'a'), 'MAIL_E_INVALID')
      for (const identifier of ['', '-', '--x', 'a\0b', 'a\r\nb', 'x'.repeat(100_000)])
        await expectCode(bob.setAccess(theirs('Work'), identifier, 'l'), 'MAIL_E_INVALID')
      expect(await bob.accessList(theirs('Work'))).toMatchObject(list)
      expect(await ann.myRights('Work')).toBe(allRights)
    },
  },
  {
    name: 'sharing: subscriptions are each account’s own, and need no rights (RFC 4314 §4)',
    needs: ['rights', 'mailboxes', 'subscriptions'],
    async run(fixture) {
      const { ann, bob, theirs, give } = await newScene(fixture)
      await bob.subscribe(theirs('Work'), true)
      await give('l', 'Work')
      expect(await bob.subscriptions()).toEqual([theirs('Work')])
      expect(await bob.mailboxes()).toContainEqual({
        name: theirs('Work'),
        subscribed: true,
        namespace: 'other',
      })
      expect(await ann.subscriptions()).toEqual([])
      await give('', 'Work')
      await bob.subscribe(theirs('Work'), false)
      expect(await bob.subscriptions()).toEqual([])
    },
  },
  {
    name: 'sharing: special uses are the owner’s own',
    needs: ['rights', 'mailboxes', 'subscriptions'],
    async run(fixture) {
      const { ann, bob, theirs, give } = await newScene(fixture)
      await ann.setSpecialUse('Work', '\\Archive')
      await give(allRights, 'Work')
      const [listed] = (await bob.mailboxes()).filter(({ name }) => name === theirs('Work'))
      expect(listed?.specialUse).toBeUndefined()
      await expectCode(bob.setSpecialUse(theirs('Work'), undefined), 'MAIL_E_PERMISSION')
      await expectCode(
        bob.createMailbox(theirs('Work/New'), { specialUse: '\\Archive' }),
        'MAIL_E_PERMISSION',
      )
      expect((await ann.mailboxes()).find(({ name }) => name === 'Work')?.specialUse).toBe('\\Archive')
    },
  },
]

const lifeCases: readonly StoreCase[] = [
  {
    name: 'sharing: a new mailbox has the list of the one above it, whoever makes it (RFC 4314 §4)',
    needs: ['rights', 'mailboxes'],
    async run(fixture) {
      const { ann, bob, theirs, give } = await newScene(fixture)
      await give('lrkia', 'Work')
      await bob.createMailbox(theirs('Work/New/Sub'))
      await deliver(bob, sampleMessage(), theirs('Work/Delivered'), { create: true })
      await ann.createMailbox('Work/Own')
      for (const name of ['Work/New', 'Work/New/Sub', 'Work/Delivered', 'Work/Own']) {
        expect(await bob.myRights(theirs(name)), name).toBe('lrika')
        expect(await ann.accessList(name), name).toEqual(await ann.accessList('Work'))
      }
      await expectCode(bob.myRights(theirs('Work/Bills')), 'MAIL_E_NOT_FOUND')
      await ann.createMailbox('Private')
      expect(await ann.accessList('Private')).toHaveLength(1)
    },
  },
  {
    name: 'sharing: nobody makes mailboxes beside those of somebody else',
    needs: ['rights', 'mailboxes'],
    async run(fixture) {
      const { ann, bob, theirs, give } = await newScene(fixture)
      await give(allRights, 'INBOX', 'Work', 'Work/Bills')
      await expectCode(bob.createMailbox(theirs('New')), 'MAIL_E_PERMISSION')
      await expectCode(bob.renameMailbox(theirs('Work'), theirs('Old')), 'MAIL_E_PERMISSION')
      await expectCode(bob.renameMailbox(theirs('INBOX'), theirs('Work/Inbox')), 'MAIL_E_PERMISSION')
      await expectCode(stage(bob, sampleMessage(), theirs('New'), { create: true }), 'MAIL_E_PERMISSION')
      await expectCode(bob.deleteMailbox(theirs('INBOX')), 'MAIL_E_INVALID')
      expect(await namesOf(ann)).toEqual(['INBOX', 'Work', 'Work/Bills'])
      expect(await bob.myRights(theirs('INBOX'))).toBe(allRights)
    },
  },
  {
    name: 'sharing: a list goes with its mailbox: the next of that name is closed (RFC 4314 §4)',
    needs: ['rights', 'mailboxes'],
    async run(fixture) {
      const { ann, bob, theirs, give } = await newScene(fixture)
      await give(allRights, 'Work', 'Work/Bills')
      await ann.deleteMailbox('Work')
      await ann.createMailbox('Work')
      await expectCode(bob.openMailbox(theirs('Work')), 'MAIL_E_NOT_FOUND')
      expect(await bob.myRights(theirs('Work/Bills')), 'children stay as they are').toBe(allRights)
      await give(allRights, 'Work')
      await ann.deleteMailbox('Work')
      await deliver(ann, sampleMessage(), 'Work', { create: true })
      await expectCode(bob.openMailbox(theirs('Work')), 'MAIL_E_NOT_FOUND')
      expect(await foreignNames(bob)).toEqual([theirs('Work/Bills')])
    },
  },
  {
    name: 'sharing: a list stays with a mailbox that is renamed, and with those below it (RFC 4314 §4)',
    needs: ['rights', 'mailboxes'],
    async run(fixture) {
      const { ann, bob, theirs, give } = await newScene(fixture)
      await give('lr', 'Work')
      await give('lri', 'Work/Bills')
      await ann.renameMailbox('Work', 'Old/Office')
      expect(await foreignNames(bob)).toEqual([theirs('Old/Office'), theirs('Old/Office/Bills')])
      expect(await bob.myRights(theirs('Old/Office'))).toBe('lr')
      expect(await bob.myRights(theirs('Old/Office/Bills'))).toBe('lri')
      await ann.createMailbox('Work/Bills')
      for (const name of ['Work', 'Work/Bills', 'Old'])
        await expectCode(bob.myRights(theirs(name)), 'MAIL_E_NOT_FOUND')
    },
  },
  {
    name: 'sharing: renaming INBOX leaves its list where it is (RFC 9051 §6.3.6)',
    needs: ['rights', 'mailboxes'],
    async run(fixture) {
      const { ann, bob, theirs, give } = await newScene(fixture)
      await give('lr', 'INBOX')
      await ann.renameMailbox('INBOX', 'Archive')
      expect(await foreignNames(bob)).toEqual([theirs('INBOX')])
      await expectCode(bob.openMailbox(theirs('Archive')), 'MAIL_E_NOT_FOUND')
    },
  },
  {
    name: 'sharing: a mailbox is renamed to one of another owner by nobody',
    needs: ['rights', 'mailboxes'],
    async run(fixture) {
      const { ann, bob, theirs, give } = await newScene(fixture)
      await give(allRights, 'Work', 'Work/Bills')
      await bob.createMailbox('Mine')
      await expectCode(bob.renameMailbox('Mine', theirs('Work/Mine')), 'MAIL_E_INVALID')
      await expectCode(bob.renameMailbox(theirs('Work/Bills'), 'Bills'), 'MAIL_E_INVALID')
      expect(await namesOf(ann)).toEqual(['INBOX', 'Work', 'Work/Bills'])
      expect(await namesOf(bob)).toEqual(['INBOX', 'Mine', theirs('Work'), theirs('Work/Bills')])
    },
  },
  {
    name: 'sharing: what is put into another’s mailbox counts for its owner',
    needs: ['rights', 'mailboxes'],
    async run(fixture) {
      const { ann, bob, theirs, give } = await newScene(fixture)
      await give('lri', 'Work')
      const before = [(await ann.usage()).messages, (await bob.usage()).messages]
      await append(bob, [messageOfSize(500)], theirs('Work'))
      expect([(await ann.usage()).messages, (await bob.usage()).messages]).toEqual([4, before[1]])
    },
  },
  {
    name: 'sharing: a mailbox’s id is another than that of every mailbox of one’s own (RFC 8474 §4)',
    needs: ['rights', 'mailboxes'],
    async run(fixture) {
      const { bob, theirs, give } = await newScene(fixture)
      await give('lr', 'INBOX', 'Work', 'Work/Bills')
      await bob.createMailbox('Work/Bills')
      const names = await namesOf(bob)
      const ids = await Promise.all(names.map(async (name) => (await bob.status(name)).id))
      expect(new Set(ids).size).toBe(6)
      expect((await bob.openMailbox(theirs('Work'))).id).toBe(ids[names.indexOf(theirs('Work'))])
    },
  },
  {
    name: 'sharing: private annotations are each account’s own, shared ones everybody’s (RFC 5464 §3.2)',
    needs: ['rights', 'mailboxes', 'metadata'],
    async run(fixture) {
      const { ann, bob, theirs, give } = await newScene(fixture)
      const carol = await fixture.store.open(otherAccount(fixture.account, 'carol'))
      await ann.setAccess('Work', 'anyone', 'lrw')
      await give('lrw', 'Work')
      const comment = (value: string) => new Map([['/private/comment', Buffer.from(value)]])
      await ann.setMetadata('Work', comment('of ann'))
      await bob.setMetadata(theirs('Work'), comment('of bob'))
      await bob.setMetadata(theirs('Work'), new Map([['/shared/comment', Buffer.from('for all')]]))
      await carol.setMetadata(theirs('Work'), comment('of carol'))
      const shown = async (values: Promise<ReadonlyMap<string, Buffer>>) =>
        Object.fromEntries([...(await values)].map(([name, value]) => [name, value.toString()]))
      const everybody = [
        ['ann', ann.metadata('Work')],
        ['bob', bob.metadata(theirs('Work'))],
        ['carol', carol.metadata(theirs('Work'))],
      ] as const
      for (const [who, values] of everybody)
        expect(await shown(values)).toEqual({ '/private/comment': `of ${who}`, '/shared/comment': 'for all' })
      await bob.setMetadata(theirs('Work'), new Map([['/private/comment', null]]))
      expect(await shown(bob.metadata(theirs('Work')))).toEqual({ '/shared/comment': 'for all' })
      expect(await shown(ann.metadata('Work'))).toMatchObject({ '/private/comment': 'of ann' })
      await ann.setAccess('Work', 'anyone', 'la')
      await expectCode(carol.metadata(theirs('Work')), 'MAIL_E_PERMISSION')
    },
  },
  {
    name: 'sharing: lists outlive the process',
    needs: ['rights', 'mailboxes', 'persistent'],
    async run(fixture) {
      const { bob, theirs, give } = await newScene(fixture)
      await give('lri', 'Work')
      const later = await (await reopened(fixture)).open(bob.account)
      expect(await foreignNames(later)).toEqual([theirs('Work')])
      expect(await later.myRights(theirs('Work'))).toBe('lri')
    },
  },
  {
    name: 'sharing: what one process gives or takes, another knows',
    needs: ['rights', 'mailboxes', 'shared'],
    async run(fixture) {
      const { bob, theirs, give } = await newScene(fixture)
      const elsewhere = await (await reopened(fixture)).open(bob.account)
      await give('lr', 'Work')
      const opened = await elsewhere.openMailbox(theirs('Work'))
      expect(opened.entries).toHaveLength(3)
      await give('', 'Work')
      await becomes(async () => (await outcomeOf(opened.refresh())).ok, false)
      await becomes(async () => (await foreignNames(elsewhere)).length, 0)
    },
  },
  {
    name: 'sharing: lines that two set at the same time are both there',
    needs: ['rights', 'mailboxes'],
    async run(fixture) {
      const { ann } = await newScene(fixture)
      const other = await fixture.store.open(ann.account)
      await Promise.all(
        Array.from({ length: 10 }, (_, index) =>
          (index % 2 === 0 ? ann : other).setAccess('Work', `id-${index}`, 'lr'),
        ),
      )
      expect(await ann.accessList('Work')).toHaveLength(11)
    },
  },
]

const publicCases: readonly StoreCase[] = [
  {
    name: 'public mailboxes: are Shared/… for those to whom they are opened, and nobody’s own',
    needs: ['rights', 'mailboxes', 'public mailboxes'],
    async run(fixture) {
      const { ann, bob } = await newScene(fixture)
      await fixture.publicMailbox?.('Team', [
        { identifier: 'anyone', rights: 'lr' },
        { identifier: ann.account.id, rights: 'ika' },
        { identifier: `-${bob.account.id}`, rights: 'i' },
      ])
      await fixture.publicMailbox?.('Board', [{ identifier: ann.account.id, rights: 'lr' }])
      expect(await foreignNames(ann)).toEqual(['Shared/Board', 'Shared/Team'])
      expect(await bob.mailboxes()).toContainEqual({
        name: 'Shared/Team',
        subscribed: false,
        namespace: 'shared',
      })
      expect(await foreignNames(bob)).toEqual(['Shared/Team'])
      await expectCode(bob.openMailbox('Shared/Board'), 'MAIL_E_NOT_FOUND')
      const message = sampleMessage()
      await append(ann, [message], 'Shared/Team')
      expect(await contentsOf(bob, 'Shared/Team')).toEqual([text(message)])
      await expectCode(append(bob, [message], 'Shared/Team'), 'MAIL_E_PERMISSION')
      await ann.createMailbox('Shared/Team/Sub')
      expect(await foreignNames(bob)).toEqual(['Shared/Team', 'Shared/Team/Sub'])
      expect((await ann.usage()).messages).toBe(3)
      await expectCode(bob.createMailbox('Shared/New'), 'MAIL_E_PERMISSION')
    },
  },
  {
    name: 'public mailboxes: the last who may change the list of one stays',
    needs: ['rights', 'mailboxes', 'public mailboxes'],
    async run(fixture) {
      const { ann, bob } = await newScene(fixture)
      await fixture.publicMailbox?.('Team', [{ identifier: ann.account.id, rights: 'lra' }])
      await expectCode(ann.setAccess('Shared/Team', ann.account.id, 'lr'), 'MAIL_E_INVALID')
      await expectCode(ann.setAccess('Shared/Team', '-anyone', 'a'), 'MAIL_E_INVALID')
      await ann.setAccess('Shared/Team', bob.account.id, 'lra')
      await ann.setAccess('Shared/Team', ann.account.id, 'lr')
      expect(await ann.myRights('Shared/Team')).toBe('lr')
      expect(await bob.accessList('Shared/Team')).toMatchObject([
        { identifier: ann.account.id, rights: 'lr' },
        { identifier: bob.account.id, rights: 'lra' },
      ])
    },
  },
]

/** Waits until something is so: rights that another process has changed are known within a second or so. */
async function becomes<T>(look: () => Promise<T>, wanted: T): Promise<void> {
  await vi.waitFor(async () => expect(await look()).toEqual(wanted), { timeout: 10_000, interval: 50 })
}

/**
 * Mailboxes that are opened to others (RFC 4314, RFC 2342). Those of other accounts are called
 * `Other Users/<address>/<mailbox>`, public ones `Shared/<mailbox>`.
 */
export const sharingCases: readonly StoreCase[] = [
  ...sharingOperationCases,
  ...hiddenCases,
  ...listCases,
  ...lifeCases,
  ...sharingTransferCases,
  ...sharingWatchCases,
  ...publicCases,
]
