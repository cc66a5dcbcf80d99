import { expect } from 'vitest'
import { allRights } from '../../model/rights.ts'
import { expectCode } from './expectations.ts'
import {
  append,
  contentsOf,
  entryAt,
  messageOfSize,
  otherAccount,
  type StoreCase,
  sampleMessage,
  stage,
  text,
  uidsOf,
} from './store-fixture.ts'
import { flagged, flagsIn, newScene } from './store-sharing-scene.ts'

// RFC 4314 §4, the example.
const example = [
  flagged('one', '\\Draft', '\\Deleted'),
  flagged('two', '\\Answered'),
  flagged('three', '$Forwarded', '\\Seen'),
]
const withoutDeleted = [['\\Draft'], ['\\Answered'], ['$Forwarded', '\\Seen']]
const onlySeenAndDeleted = [['\\Deleted'], [], ['\\Seen']]

/** Flags that may not go along, messages from one owner to another, incoming mail. */
export const sharingTransferCases: readonly StoreCase[] = [
  {
    name: 'sharing: flags beyond the rights are left out of what is appended and staged (RFC 4314 §4)',
    needs: ['rights', 'mailboxes', 'flags', 'keywords'],
    async run(fixture) {
      const { ann, bob, theirs, give } = await newScene(fixture)
      await give('rwis', 'Work/Bills')
      await append(bob, example, theirs('Work/Bills'))
      expect(await flagsIn(ann, 'Work/Bills')).toEqual(withoutDeleted)
      await give('rsti', 'INBOX')
      for (const { content, flags } of example) {
        const staged = await bob.stage(theirs('INBOX'), content, { flags })
        await staged.commit()
      }
      expect(await flagsIn(ann, 'INBOX')).toEqual(onlySeenAndDeleted)
    },
  },
  {
    name: 'sharing: flags beyond the rights are left out of copies, between owners and within one (RFC 4314 §4)',
    needs: ['rights', 'mailboxes', 'flags', 'keywords'],
    async run(fixture) {
      const { ann, bob, theirs, give } = await newScene(fixture)
      await bob.createMailbox('Source')
      await append(bob, example, 'Source')
      await ann.createMailbox('Source')
      await append(ann, example, 'Source')
      await give('r', 'Source')
      for (const [rights, expected] of [
        ['rwis', withoutDeleted],
        ['rsti', onlySeenAndDeleted],
      ] as const) {
        for (const source of ['Source', theirs('Source')]) {
          await ann.createMailbox('Target')
          await give(rights, 'Target')
          const opened = await bob.openMailbox(source)
          const transfer = await opened.copy(uidsOf(opened), theirs('Target'))
          expect(transfer.uids).toHaveLength(3)
          expect(await flagsIn(ann, 'Target'), `${source} with ${rights}`).toEqual(expected)
          await ann.deleteMailbox('Target')
        }
      }
      expect(await flagsIn(ann, 'Source')).toEqual(await flagsIn(bob, 'Source'))
    },
  },
  {
    name: 'sharing: of a change of flags that is done which the rights allow, and no more (RFC 4314 §4)',
    needs: ['rights', 'mailboxes', 'flags', 'keywords'],
    async run(fixture) {
      const { ann, bob, theirs, give } = await newScene(fixture)
      await append(ann, example, 'Work/Bills')
      await give(allRights, 'Work/Bills')
      const opened = await bob.openMailbox(theirs('Work/Bills'))
      const uids = uidsOf(opened)
      await give('lrs', 'Work/Bills')
      await opened.changeFlags(uids, { add: ['\\Seen', '\\Flagged', '\\Deleted'] })
      expect(await flagsIn(ann, 'Work/Bills')).toEqual([
        ['\\Deleted', '\\Draft', '\\Seen'],
        ['\\Answered', '\\Seen'],
        ['$Forwarded', '\\Seen'],
      ])
      const outcome = await opened.changeFlags(uids, { set: ['\\Flagged'] })
      const left = [['\\Deleted', '\\Draft'], ['\\Answered'], ['$Forwarded']]
      expect(outcome.entries.map((entry) => entry.flags)).toEqual(left)
      expect(await flagsIn(ann, 'Work/Bills')).toEqual(left)
      await give('lrw', 'Work/Bills')
      await opened.changeFlags(uids, { set: ['\\Flagged', '\\Seen'] })
      expect(await flagsIn(ann, 'Work/Bills')).toEqual([
        ['\\Deleted', '\\Flagged'],
        ['\\Flagged'],
        ['\\Flagged'],
      ])
      await give('lrie', 'Work/Bills')
      for (const change of [{ add: ['\\Seen', 'x'] }, { remove: ['\\Flagged'] }, { set: [] }])
        await expectCode(opened.changeFlags(uids, change), 'MAIL_E_PERMISSION')
    },
  },
  {
    name: 'sharing: a change of flags of some keeps to unchangedSince (RFC 7162 §3.1.3)',
    needs: ['rights', 'mailboxes', 'flags', 'modSequences'],
    async run(fixture) {
      const { ann, bob, theirs, give } = await newScene(fixture)
      await give('lrs', 'Work')
      const opened = await bob.openMailbox(theirs('Work'))
      const [first = 0, second = 0] = uidsOf(opened)
      const since = opened.highestModSequence
      const owners = await ann.openMailbox('Work')
      await owners.changeFlags([first], { add: ['\\Flagged'] })
      const outcome = await opened.changeFlags(
        [first, second],
        { set: ['\\Seen'] },
        { unchangedSince: since },
      )
      expect(outcome.modified).toEqual([first])
      expect(await flagsIn(ann, 'Work')).toEqual([['\\Flagged'], ['\\Seen'], []])
    },
  },
  {
    name: 'sharing: a copy to another owner keeps octets, flags and dates, and tells where it went',
    needs: ['rights', 'mailboxes', 'flags'],
    async run(fixture) {
      const { ann, bob, theirs, give } = await newScene(fixture)
      const internalDate = new Date('2001-02-03T04:05:06Z')
      const large = messageOfSize(300_001)
      await append(ann, [{ ...flagged('x', '\\Seen'), internalDate }, large], 'Work/Bills')
      await give('lr', 'Work/Bills')
      const source = await bob.openMailbox(theirs('Work/Bills'))
      const [first = 0, second = 0] = uidsOf(source)
      const { uidValidity, uids } = await source.copy([second, first, second], 'INBOX')
      const inbox = await bob.openMailbox('INBOX')
      expect(inbox.uidValidity).toBe(uidValidity)
      expect(uids).toEqual([
        [first, entryAt(inbox, 1).uid],
        [second, entryAt(inbox, 2).uid],
      ])
      expect(entryAt(inbox, 1)).toMatchObject({ flags: ['\\Seen'], internalDate })
      expect((await contentsOf(bob)).slice(1)).toEqual(await contentsOf(ann, 'Work/Bills'))
      expect(await source.copy([], 'INBOX')).toEqual({ uidValidity, uids: [] })
      expect(source.entries).toHaveLength(2)
    },
  },
  {
    name: 'sharing: a move to another owner leaves each message in one place',
    needs: ['rights', 'mailboxes'],
    async run(fixture) {
      const { ann, bob, theirs, give } = await newScene(fixture)
      await give(allRights, 'Work')
      const messages = await contentsOf(ann, 'Work')
      const work = await bob.openMailbox(theirs('Work'))
      const uids = uidsOf(work)
      const there = await work.move(uids.slice(0, 2), 'INBOX')
      expect(there.uids.map(([from]) => from)).toEqual(uids.slice(0, 2))
      expect(uidsOf(work)).toEqual(uids.slice(2))
      expect((await contentsOf(bob)).slice(1)).toEqual(messages.slice(0, 2))
      expect(await contentsOf(ann, 'Work')).toEqual(messages.slice(2))
      const inbox = await bob.openMailbox('INBOX')
      await inbox.move(uidsOf(inbox).slice(1), theirs('Work'))
      expect(await contentsOf(ann, 'Work')).toEqual([...messages.slice(2), ...messages.slice(0, 2)])
      expect(inbox.entries).toHaveLength(1)
    },
  },
  {
    name: 'sharing: of what was removed meanwhile, all that is left is copied',
    needs: ['rights', 'mailboxes'],
    async run(fixture) {
      const { ann, bob, theirs, give } = await newScene(fixture)
      await give('lr', 'Work')
      const messages = await contentsOf(ann, 'Work')
      const work = await bob.openMailbox(theirs('Work'))
      const owners = await ann.openMailbox('Work')
      await owners.expunge([entryAt(owners, 1).uid])
      const { uids } = await work.copy(uidsOf(work), 'INBOX')
      expect(uids).toHaveLength(2)
      expect((await contentsOf(bob)).slice(1)).toEqual([messages[0], messages[2]])
      await owners.expunge(uidsOf(owners))
      expect((await work.copy(uidsOf(work), 'INBOX')).uids).toEqual([])
      expect((await work.copy([0, -1, 999_999], 'INBOX')).uids).toEqual([])
      expect(await contentsOf(bob)).toHaveLength(3)
    },
  },
  {
    name: 'sharing: what does not fit at the other owner is neither copied nor moved, in no part',
    needs: ['rights', 'mailboxes'],
    async run(fixture) {
      const { ann, theirs, give } = await newScene(fixture)
      await give(allRights, 'Work/Bills')
      await append(ann, [messageOfSize(600), messageOfSize(600)], 'Work/Bills')
      const bobs = otherAccount(fixture.account, 'bob with a quota')
      const bob = await fixture.store.open({ ...bobs, quotaBytes: 1000 })
      await ann.setAccess('Work/Bills', bobs.id, allRights)
      const bills = await bob.openMailbox(theirs('Work/Bills'))
      await expectCode(bills.copy(uidsOf(bills), 'INBOX'), 'MAIL_E_OVER_QUOTA')
      await expectCode(bills.move(uidsOf(bills), 'INBOX'), 'MAIL_E_OVER_QUOTA')
      expect(await bob.usage()).toEqual({ bytes: 0, messages: 0 })
      expect(await contentsOf(ann, 'Work/Bills')).toHaveLength(2)
      const [first = 0] = uidsOf(bills)
      await bills.move([first], 'INBOX')
      expect(await bob.usage()).toEqual({ bytes: 600, messages: 1 })
    },
  },
  {
    name: 'sharing: incoming mail needs the right to insert or the right to post',
    needs: ['rights', 'mailboxes'],
    async run(fixture) {
      const { ann, bob, theirs, give } = await newScene(fixture)
      const message = sampleMessage()
      const put = (cause: 'delivery' | 'append') => stage(bob, message, theirs('Work/Bills'), { cause })
      for (const [rights, codes] of [
        ['lrswkxtea', ['MAIL_E_PERMISSION', 'MAIL_E_PERMISSION']],
        ['lp', [undefined, 'MAIL_E_PERMISSION']],
        ['p', [undefined, 'MAIL_E_NOT_FOUND']],
        ['i', [undefined, undefined]],
      ] as const) {
        await give(rights, 'Work/Bills')
        for (const [index, cause] of (['delivery', 'append'] as const).entries()) {
          const code = codes[index]
          if (code === undefined) await (await put(cause)).commit()
          else await expectCode(put(cause), code)
        }
      }
      expect(await contentsOf(ann, 'Work/Bills')).toEqual(Array(4).fill(text(message)))
    },
  },
]
