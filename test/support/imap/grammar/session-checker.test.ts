import { describe, expect, it } from 'vitest'
import { AccountKnowledge, parseResponse, SessionChecker } from './index.ts'

/** Plays a conversation: lines with `C: ` are the client's. */
function play(lines: readonly string[], knowledge?: AccountKnowledge): SessionChecker {
  const checker = new SessionChecker(knowledge)
  for (const line of lines) {
    if (line.startsWith('C: ')) checker.sent(line.slice(3))
    else checker.heard(parseResponse(Buffer.from(`${line}\r\n`, 'latin1'), checker.dialect))
  }
  return checker
}

const login = ['* OK [CAPABILITY IMAP4rev1] hi', 'C: a LOGIN ann secret', 'a OK in']
const mailbox = ['* FLAGS ()', '* 3 EXISTS', '* 0 RECENT', '* OK [UIDVALIDITY 1] ok', '* OK [UIDNEXT 10] ok']
const selected = [...login, 'C: b SELECT INBOX', ...mailbox, 'b OK [READ-WRITE] in']
const withUids = [
  ...selected,
  'C: u UID FETCH 1:* (FLAGS)',
  '* 1 FETCH (UID 2)',
  '* 2 FETCH (UID 5)',
  '* 3 FETCH (UID 9)',
  'u OK done',
]
const quick = [
  '* PREAUTH [CAPABILITY IMAP4rev1 CONDSTORE QRESYNC ESEARCH] hi',
  'C: e ENABLE QRESYNC',
  '* ENABLED QRESYNC',
  'e OK done',
]
const quickMailbox = ['C: q SELECT INBOX', ...mailbox, '* OK [HIGHESTMODSEQ 7] ok', 'q OK [READ-WRITE] in']
const revision2 = [
  '* PREAUTH [CAPABILITY IMAP4rev1 IMAP4rev2] hi',
  'C: e ENABLE IMAP4rev2',
  '* ENABLED IMAP4rev2',
  'e OK done',
]
const mailbox2 = [
  '* FLAGS ()',
  '* 3 EXISTS',
  '* OK [PERMANENTFLAGS ()] ok',
  '* OK [UIDNEXT 10] ok',
  '* OK [UIDVALIDITY 1] ok',
  '* LIST () "/" INBOX',
]

describe('SessionChecker takes', () => {
  it.each<readonly [string, readonly string[]]>([
    ['a whole session', [...withUids, 'C: z LOGOUT', '* BYE so long', 'z OK done']],
    [
      'changes told while commands run that allow it',
      [
        ...withUids,
        'C: c NOOP',
        '* 2 EXPUNGE',
        '* 4 EXISTS',
        '* 3 FETCH (UID 10)',
        'c OK done',
        'C: d UID SEARCH ALL',
        '* 1 EXPUNGE',
        '* SEARCH 9 10',
        'd OK done',
      ],
    ],
    [
      'pipelined commands',
      [
        ...withUids,
        'C: c FETCH 1 FLAGS',
        'C: d UNSELECT',
        'C: e SELECT INBOX',
        '* 1 FETCH (FLAGS ())',
        'c OK done',
        'd OK done',
        ...mailbox,
        'e OK [READ-ONLY] in',
      ],
    ],
    ['changes while IDLE', [...selected, 'C: c IDLE', '+ idling', '* 1 EXPUNGE', '* 3 EXISTS', 'c OK done']],
    [
      'VANISHED with QRESYNC',
      [
        ...quick,
        ...quickMailbox,
        'C: c UID FETCH 1:* (FLAGS) (CHANGEDSINCE 3 VANISHED)',
        '* VANISHED (EARLIER) 1,3:4',
        '* 1 FETCH (UID 2 FLAGS () MODSEQ (5))',
        'c OK done',
        'C: d NOOP',
        '* VANISHED 2,8',
        '* 1 FETCH (UID 9 MODSEQ (8))',
        'd OK done',
      ],
    ],
    [
      'CLOSED before another mailbox',
      [
        ...quick,
        ...quickMailbox,
        'C: c SELECT b',
        '* OK [CLOSED] old',
        ...mailbox,
        '* OK [NOMODSEQ] x',
        'c OK in',
      ],
    ],
    [
      'an extended search',
      [
        ...selected,
        'C: c UID SEARCH RETURN (MIN MAX COUNT ALL) ALL',
        '* ESEARCH (TAG "c") UID MIN 2 MAX 9 COUNT 3 ALL 2,5,9',
        'c OK done',
        'C: d SEARCH RETURN (SAVE) ALL',
        'd OK done',
        'C: f SEARCH RETURN (MIN COUNT) SEEN',
        '* ESEARCH (TAG "f") COUNT 0',
        'f OK done',
        'C: g SEARCH RETURN () SEEN',
        '* ESEARCH (TAG "g")',
        'g OK done',
      ],
    ],
    [
      'updates of a search',
      [
        ...selected,
        'C: c UID SEARCH RETURN (UPDATE COUNT) ALL',
        '* ESEARCH (TAG "c") UID COUNT 3',
        'c OK done',
        '* ESEARCH (TAG "c") UID REMOVEFROM (0 9)',
      ],
    ],
    [
      'notifications',
      [
        ...selected,
        'C: c NOTIFY SET (SELECTED (MessageNew (UID) MessageExpunge)) (personal (MessageNew MessageExpunge))',
        'c OK done',
        '* 1 EXPUNGE',
        '* STATUS b (MESSAGES 5)',
      ],
    ],
    [
      'IMAP4rev2',
      [
        ...revision2,
        'C: c SELECT INBOX',
        ...mailbox2,
        'c OK [READ-WRITE] in',
        'C: d SEARCH ALL',
        '* ESEARCH (TAG "d") ALL 1:3',
        'd OK done',
      ],
    ],
    [
      'UIDONLY',
      [
        '* PREAUTH [CAPABILITY IMAP4rev1 UIDONLY] hi',
        'C: e ENABLE UIDONLY',
        '* ENABLED UIDONLY',
        'e OK done',
        'C: b SELECT INBOX',
        ...mailbox,
        'b OK in',
        'C: c UID FETCH 1:* FLAGS',
        '* 5 UIDFETCH (FLAGS ())',
        'c OK done',
        'C: d NOOP',
        '* VANISHED 5',
        'd OK done',
      ],
    ],
    [
      'a mailbox made anew',
      [
        ...login,
        'C: c STATUS b (UIDVALIDITY)',
        '* STATUS b (UIDVALIDITY 1)',
        'c OK done',
        'C: d DELETE b',
        'd OK done',
        'C: e CREATE b',
        'e OK done',
        'C: f STATUS b (UIDVALIDITY)',
        '* STATUS b (UIDVALIDITY 2)',
        'f OK done',
      ],
    ],
    [
      'a connection that begins anew',
      [
        ...selected,
        'C: c UNAUTHENTICATE',
        'c OK out',
        'C: d LOGIN bob secret',
        'd OK in',
        'C: f SELECT b',
        ...mailbox,
        'f OK in',
      ],
    ],
  ])('%s', (_, lines) => {
    expect(() => play(lines).ended()).not.toThrow()
  })
})

describe('SessionChecker refuses', () => {
  it.each<readonly [string, readonly string[]]>([
    ['the greeting is NO', ['* NO hi']],
    ['an untagged response (exists)', ['* 5 EXISTS']],
    ['not authenticated', ['* OK hi', 'C: a NOOP', '* 5 EXISTS']],
    ['an untagged response (list)', [...login, 'C: b NOOP', '* LIST () "/" a']],
    ['PREAUTH', [...login, '* PREAUTH hi']],
    ['the code STRANGE', [...login, 'C: b NOOP', 'b OK [STRANGE] x']],
    ['which nobody sent', [...login, 'b OK done']],
    ['which was answered before', [...login, 'a OK done']],
    ['LOGOUT without BYE', [...login, 'C: b LOGOUT', 'b OK done']],
    ['UNAUTHENTICATE is answered NO', [...login, 'C: b UNAUTHENTICATE', 'b NO x']],
    ['INPROGRESS in OK', [...login, 'C: b NOOP', 'b OK [INPROGRESS] x']],
    ['logout', [...selected, 'C: c LOGOUT', '* BYE x', '* 5 EXISTS']],
    [
      'SELECT told no UIDVALIDITY',
      [...login, 'C: b SELECT a', '* FLAGS ()', '* 0 EXISTS', '* 0 RECENT', 'b OK in'],
    ],
    ['SELECT told no LIST', [...revision2, 'C: c SELECT INBOX', ...mailbox2.slice(0, -1), 'c OK in']],
    ['told no HIGHESTMODSEQ', [...quick, 'C: q SELECT INBOX', ...mailbox, 'q OK in']],
    ['EXAMINE without READ-ONLY', [...login, 'C: b EXAMINE a', ...mailbox, 'b OK [READ-WRITE] in']],
    ['CLOSED, and no other', [...selected, 'C: c CLOSE', '* OK [CLOSED] x']],
    [
      'without CLOSED',
      [...quick, ...quickMailbox, 'C: c SELECT b', ...mailbox, '* OK [NOMODSEQ] x', 'c OK in'],
    ],
    ['EXISTS 2 after 3', [...selected, 'C: c NOOP', '* 2 EXISTS']],
    ['EXPUNGE of message 4', [...selected, 'C: c NOOP', '* 4 EXPUNGE']],
    ['FETCH of message 4', [...selected, 'C: c FETCH 4 FLAGS', '* 4 FETCH (FLAGS ())']],
    ['(expunge) while no command runs', [...selected, '* 1 EXPUNGE']],
    ['(expunge) while FETCH runs', [...selected, 'C: c FETCH 1 FLAGS', '* 1 EXPUNGE']],
    ['(expunge) while STORE runs', [...selected, 'C: c STORE 1 +FLAGS (a)', '* 1 EXPUNGE']],
    ['(expunge) while SEARCH runs', [...selected, 'C: c SEARCH ALL', '* 1 EXPUNGE']],
    ['(expunge) while CLOSE runs', [...selected, 'C: c CLOSE', '* 1 EXPUNGE']],
    ['(expunge) while NOOP runs', [...quick, ...quickMailbox, 'C: c NOOP', '* 1 EXPUNGE']],
    ['(vanished) while NOOP runs', [...selected, 'C: c NOOP', '* VANISHED 1']],
    ['(vanished) while FETCH runs', [...quick, ...quickMailbox, 'C: c FETCH 1 FLAGS', '* VANISHED 1']],
    ['(vanished) while NOOP runs', [...quick, ...quickMailbox, 'C: c NOOP', '* VANISHED (EARLIER) 1']],
    ['4 UIDs that are not in the mailbox', [...quick, ...quickMailbox, 'C: c NOOP', '* VANISHED 1:4']],
    ['(fetch) while', [...selected, 'C: c UID FETCH 5 FLAGS', '* 5 UIDFETCH (FLAGS ())']],
    ['and it tells no UID', [...selected, 'C: c UID FETCH 5 FLAGS', '* 1 FETCH (FLAGS ())']],
    ['MODSEQ, and nobody', [...selected, 'C: c NOOP', '* 1 FETCH (MODSEQ (5))']],
    ['message 2 had UID 5 and has 6', [...withUids, 'C: c UID FETCH 2 UID', '* 2 FETCH (UID 6)']],
    [
      'has UID 4, and one before it UID 5',
      [...selected, 'C: c UID FETCH 1:2 UID', '* 1 FETCH (UID 5)', '* 2 FETCH (UID 4)', 'c OK done'],
    ],
    ['an old message has UID 10', [...selected, 'C: c FETCH 1 UID', '* 1 FETCH (UID 10)']],
    ['a new message has UID 9', [...selected, 'C: c NOOP', '* 4 EXISTS', '* 4 FETCH (UID 9)']],
    [
      'UID 5 of INBOX was expunged',
      [...withUids, 'C: c NOOP', '* 2 EXPUNGE', 'c OK done', 'C: d UID SEARCH ALL', '* SEARCH 2 5'],
    ],
    ['a search of message 4', [...selected, 'C: c SEARCH ALL', '* SEARCH 1 4']],
    ['SEARCH told nothing', [...selected, 'C: c SEARCH ALL', 'c OK done']],
    [
      '(search) while SEARCH',
      [...revision2, 'C: c SELECT INBOX', ...mailbox2, 'c OK in', 'C: d SEARCH ALL', '* SEARCH 1'],
    ],
    ['STATUS told nothing', [...login, 'C: c STATUS a (MESSAGES)', 'c OK done']],
    [
      'size of UID 2 was 5',
      [
        ...withUids,
        'C: c FETCH 1 RFC822.SIZE',
        '* 1 FETCH (RFC822.SIZE 5)',
        'c OK x',
        'C: d FETCH 1 RFC822.SIZE',
        '* 1 FETCH (RFC822.SIZE 6)',
      ],
    ],
    [
      'MODSEQ of message 1 was 9',
      [...quick, ...quickMailbox, 'C: c NOOP', '* 1 FETCH (MODSEQ (9))', '* 1 FETCH (MODSEQ (8))'],
    ],
    ['HIGHESTMODSEQ of INBOX was 7', [...quick, ...quickMailbox, 'C: c NOOP', 'c OK [HIGHESTMODSEQ 6] x']],
    ['which searches nothing', [...selected, 'C: c SEARCH RETURN () ALL', '* ESEARCH (TAG "d") ALL 1']],
    ['ESEARCH without UID', [...selected, 'C: c UID SEARCH RETURN () ALL', '* ESEARCH (TAG "c") ALL 1']],
    ['ESEARCH with UID', [...selected, 'C: c SEARCH RETURN () ALL', '* ESEARCH (TAG "c") UID ALL 1']],
    [
      'COUNT, which nobody asked for',
      [...selected, 'C: c SEARCH RETURN (MIN) ALL', '* ESEARCH (TAG "c") MIN 1 COUNT 5'],
    ],
    ['tells no COUNT', [...selected, 'C: c SEARCH RETURN (MIN COUNT) ALL', '* ESEARCH (TAG "c") MIN 1']],
    [
      'of nothing, and of something',
      [...selected, 'C: c SEARCH RETURN (ALL COUNT) ALL', '* ESEARCH (TAG "c") COUNT 0 ALL 1'],
    ],
    ['2 in COUNT', [...selected, 'C: c SEARCH RETURN (ALL COUNT) ALL', '* ESEARCH (TAG "c") COUNT 2 ALL 1']],
    [
      'a MIN that is not the first',
      [...selected, 'C: c SEARCH RETURN (MIN ALL) ALL', '* ESEARCH (TAG "c") MIN 2 ALL 1:2'],
    ],
    [
      'without the correlators',
      [...selected, 'C: c ESEARCH IN (personal) ALL', '* ESEARCH (TAG "c") UID ALL 1:2'],
    ],
    ['QRESYNC, which nobody asked for', [...login, 'C: b ENABLE CONDSTORE', '* ENABLED CONDSTORE QRESYNC']],
    ['ENABLE told nothing', [...login, 'C: b ENABLE X', 'b OK done']],
    [
      'FETCH that nobody asked for',
      [...revision2, 'C: c SELECT INBOX', ...mailbox2, 'c OK in', 'C: d NOOP', '* 1 FETCH (FLAGS ())'],
    ],
    ['EXPUNGE told VANISHED', [...quick, ...quickMailbox, 'C: c EXPUNGE', '* VANISHED 5', 'c OK done']],
    ['CLOSE tells HIGHESTMODSEQ', [...quick, ...quickMailbox, 'C: c CLOSE', 'c OK [HIGHESTMODSEQ 9] x']],
    ['of a change, and no MODSEQ', [...quick, ...quickMailbox, 'C: c NOOP', '* 1 FETCH (UID 5 FLAGS ())']],
    ['of a change, and no UID', [...quick, ...quickMailbox, 'C: c NOOP', '* 1 FETCH (FLAGS () MODSEQ (9))']],
    [
      'and first asked for mod-sequences',
      [...selected, 'C: c ENABLE CONDSTORE', '* ENABLED CONDSTORE', 'c OK done'],
    ],
    ['the connection ended while NOOP', [...login, 'C: b NOOP']],
  ])('%s', (rule, lines) => {
    expect(() => play(lines).ended()).toThrow(rule)
  })

  it('what another session was told otherwise', () => {
    const knowledge = new AccountKnowledge()
    play([...withUids, 'C: c NOOP', '* 1 EXPUNGE', 'c OK done'], knowledge)
    const other = [...login, 'C: s STATUS inbox (UIDNEXT)']
    expect(() => play([...other, '* STATUS INBOX (UIDNEXT 9)'], knowledge)).toThrow('UIDNEXT of INBOX was 10')
    expect(() => play([...other, '* STATUS INBOX (UIDVALIDITY 2)'], knowledge)).toThrow('UIDVALIDITY')
    expect(() => play([...selected, 'C: c FETCH 1 UID', '* 1 FETCH (UID 2)'], knowledge)).toThrow('is back')
  })
})

describe('SessionChecker', () => {
  it('knows what is selected', () => {
    const { view } = play([...withUids, 'C: c NOOP', '* 2 EXPUNGE', '* 4 EXISTS', 'c OK done'])
    expect([view?.mailbox, view?.count, view?.uids]).toEqual(['INBOX', 4, [2, 9, undefined, undefined]])
  })
})
