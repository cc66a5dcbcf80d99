import { describe, expect, it } from 'vitest'
import { type Dialect, GrammarError, parseResponse, plainDialect, type Response } from './index.ts'

const revision1 = plainDialect()
const revision2: Dialect = { ...plainDialect(), rev2: true }
const utf8: Dialect = { ...plainDialect(), utf8: true }

const parse = (text: string, dialect: Dialect = revision1): Response =>
  parseResponse(Buffer.from(`${text}\r\n`, 'latin1'), dialect)

/** UTF-8 as latin1 text. */
const octets = (text: string): string => Buffer.from(text).toString('latin1')

function refusal(text: string, dialect: Dialect = revision1): GrammarError {
  try {
    parse(text, dialect)
  } catch (error) {
    if (error instanceof GrammarError) return error
    throw error
  }
  throw new Error(`accepted: ${text}`)
}

const address = '("Ann" NIL "ann" "example.org")'
const envelope = `("Mon, 7 Feb 1994 21:52:25 -0800" "hi" (${address}) (${address}) (${address}) (${address}${address}) NIL NIL NIL "<1@example.org>")`
const text = '("TEXT" "PLAIN" ("CHARSET" "us-ascii") NIL NIL "7BIT" 12 1)'

describe('parseResponse takes', () => {
  it.each([
    '* OK hello',
    '* PREAUTH hello',
    '* BYE so long',
    '* OK a text like a literal {5}',
    'a1 OK done',
    'a]1 NO [TRYCREATE] no',
    'a BAD [BADCHARSET (UTF-8 "US-ASCII")] no',
    'a NO [BADCHARSET] no',
    '* OK [CAPABILITY IMAP4rev1 AUTH=PLAIN RIGHTS=texk COMPRESS=DEFLATE] hi',
    '* OK [PERMANENTFLAGS (\\Deleted $Junk \\*)] ok',
    '* OK [PERMANENTFLAGS ()] ok',
    '* OK [UNSEEN 3] ok',
    'a OK [APPENDUID 5 7:9,11] ok',
    'a OK [COPYUID 5 1:3,9 4,6:8] ok',
    'a OK [MODIFIED 7,9] ok',
    'a OK [HIGHESTMODSEQ 9223372036854775807] ok',
    'a NO [METADATA MAXSIZE 1024] ok',
    'a NO [METADATA TOOMANY] ok',
    'a OK [METADATA LONGENTRIES 2199] ok',
    'a NO [BADEVENT (MessageNew FlagChange)] ok',
    '* NO [NOUPDATE "B02"] ok',
    '* OK [MAILBOXID (F2212ea87-6097-4256-9d51-71338625)] ok',
    '* OK [INPROGRESS] ok',
    '* OK [INPROGRESS ("a1" 175 NIL)] ok',
    '* OK [INPROGRESS (NIL NIL NIL)] ok',
    '* OK [INPROGRESS ("a1" 5 10)] ok',
    'a OK [MESSAGELIMIT 1000 23221] ok',
    'a NO [MESSAGELIMIT 1000] ok',
    'a NO [BADURL /INBOX/;UID=5] ok',
    'a NO [XSOMETHING whatever (it is)] ok',
    '+ ',
    '+ idling',
    '+ YGgGCSqGSIb3EgEC',
    '* CAPABILITY IMAP4rev1',
    '* ENABLED',
    '* ENABLED CONDSTORE',
    '* FLAGS (\\Answered \\seen $MDNSent)',
    '* FLAGS ()',
    '* 0 EXISTS',
    '* 4294967295 EXISTS',
    '* 23 RECENT',
    '* 23 EXPUNGE',
    '* VANISHED 1:3,7',
    '* VANISHED (EARLIER) 300:310,405',
    '* LIST () "/" INBOX',
    '* LIST (\\HasNoChildren \\Noselect) NIL ""',
    '* LIST (\\Sent) "\\\\" {5}\r\nab cd',
    '* LIST (\\NonExistent) "/" a ("CHILDINFO" ("SUBSCRIBED"))',
    '* LIST () "/" b (OLDNAME (a) X-Y 1:5 Z (a (b c)))',
    '* LIST () "/" "Entw&APw-rfe"',
    '* LIST () "/" "A &- B"',
    '* LSUB (\\Noselect) "." a.b',
    '* STATUS b (MESSAGES 231 UIDNEXT 44292 RECENT 0 HIGHESTMODSEQ 0)',
    '* STATUS b ()',
    '* STATUS b (APPENDLIMIT NIL MAILBOXID (F1) SIZE 9223372036854775807 DELETED-STORAGE 9)',
    '* SEARCH',
    '* SEARCH 2 84 882',
    '* SEARCH 2 84 (MODSEQ 917162500)',
    '* SORT 5 3',
    '* THREAD',
    '* THREAD (166)(167)(168 5)(172 (1)(2 (3)(4)))((1)(2))',
    '* ESEARCH',
    '* ESEARCH (TAG "a567") UID COUNT 5 ALL 4:19,21,28',
    '* ESEARCH (TAG "a" MAILBOX "folder1" UIDVALIDITY 1) UID ALL 4001,4003 MODSEQ 7',
    '* ESEARCH (TAG "a") MIN 2 MAX 47',
    '* ESEARCH (TAG "a") UID PARTIAL (-1:-100 4:9)',
    '* ESEARCH (TAG "a") PARTIAL (24000:24500 NIL)',
    '* ESEARCH (TAG "a") UID ADDTO (1 2733 1 2732) REMOVEFROM (0 9) ADDTO (1 2731:2732)',
    '* ESEARCH (TAG "a") ALL 1,5,10 RELEVANCY (4 99 42)',
    '* NAMESPACE (("" "/")) NIL NIL',
    '* NAMESPACE (("" "/")("#mh/" "/" "X-PARAM" ("F1" "F2"))) (("~" NIL)) NIL',
    '* ID NIL',
    '* ID ("name" "x" "version" NIL)',
    '* ACL INBOX Fred rwipslda "-Fred" wetd',
    '* ACL INBOX',
    '* LISTRIGHTS INBOX smith "" l r s0',
    '* MYRIGHTS INBOX rwiptsldaex',
    '* QUOTA "" (STORAGE 10 512 MESSAGE 1 9223372036854775807)',
    '* QUOTA "" ()',
    '* QUOTAROOT INBOX ""',
    '* QUOTAROOT comp.mail.mime',
    '* METADATA "" (/shared/comment "x" /private/vendor/a NIL /shared/b ~{1}\r\n\0)',
    '* METADATA INBOX /shared/comment /private/comment',
    '* LANGUAGE (de)',
    '* COMPARATOR i;basic',
    '* COMPARATOR i;basic (i;basic i;octet)',
    '* JMAPACCESS "https://example.org/.well-known/jmap"',
    '* 1 FETCH (FLAGS (\\Seen \\Recent) UID 7 MODSEQ (12) RFC822.SIZE 44827)',
    '* 1 FETCH (INTERNALDATE "17-Jul-1996 02:44:25 -0700")',
    '* 1 FETCH (INTERNALDATE " 7-Jul-1996 02:44:25 +0000")',
    '* 1 FETCH (RFC822 {3}\r\nabc RFC822.HEADER "" RFC822.TEXT NIL)',
    '* 1 FETCH (BODY[] {3}\r\na\r\n BODY[HEADER] "x" BODY[1.2.TEXT]<10> "y" BODY[1.MIME] NIL)',
    '* 1 FETCH (BODY[HEADER.FIELDS (Date "From")] "" BODY[1.HEADER.FIELDS.NOT (a)] "")',
    '* 1 FETCH (BINARY[1] ~{3}\r\na\0b BINARY[1.2]<0> "x" BINARY.SIZE[1] 3 BINARY[] NIL)',
    '* 1 FETCH (EMAILID (M6d99) THREADID NIL SAVEDATE NIL PREVIEW "hi")',
    '* 1 FETCH (THREADID (T1) SAVEDATE "17-Jul-1996 02:44:25 -0700" PREVIEW NIL)',
    '* 25997 UIDFETCH (FLAGS (\\Flagged))',
    `* 1 FETCH (ENVELOPE ${envelope})`,
    '* 1 FETCH (ENVELOPE (NIL NIL NIL NIL NIL ((NIL NIL "group" NIL)(NIL NIL NIL NIL)) NIL NIL NIL NIL))',
    `* 1 FETCH (BODY ${text} BODYSTRUCTURE ${text})`,
    `* 1 FETCH (BODYSTRUCTURE (${text}${text} "MIXED"))`,
    `* 1 FETCH (BODYSTRUCTURE (${text} "MIXED" ("BOUNDARY" "x") ("inline" ("a" "b")) ("en" "de") "loc"))`,
    '* 1 FETCH (BODYSTRUCTURE ("IMAGE" "PNG" NIL "<1>" NIL "BASE64" 5 "md5" ("ATTACHMENT" NIL) NIL NIL))',
    `* 1 FETCH (BODYSTRUCTURE ("MESSAGE" "RFC822" NIL NIL NIL "7BIT" 5 ${envelope} ${text} 9 NIL))`,
    '* 1 FETCH (BODYSTRUCTURE ("MESSAGE" "GLOBAL" NIL NIL NIL "8BIT" 5))',
  ])('%j', (line) => {
    expect(parse(line).kind).toMatch(/^[a-z-]+$/)
  })

  it.each([
    'a OK ',
    '* OK [READ-ONLY] ',
    `* OK ${octets('für dich')}`,
    `* LIST () "/" "${octets('Entwürfe 📬')}"`,
    '* ESEARCH (TAG a1) COUNT 0',
    '* 1 FETCH (RFC822.SIZE 9223372036854775807)',
    `* 1 FETCH (BODYSTRUCTURE ("MESSAGE" "GLOBAL" NIL NIL NIL "7BIT" 5 ${envelope} ${text} 4294967296))`,
    `* 1 FETCH (BODY[HEADER] "${octets('é')}")`,
  ])('%j, in revision 2', (line) => {
    expect(parse(line, revision2).kind).toMatch(/^[a-z-]+$/)
  })
})

describe('parseResponse refuses', () => {
  it.each([
    ['', 0],
    ['*', 1],
    ['* ', 2],
    ['* OK', 4],
    ['* OK ', 5],
    ['*  OK x', 2],
    ['a OK', 4],
    ['a+b OK x', 1],
    ['a PREAUTH x', 2],
    ['a ok [READ-ONLY]', 16],
    ['a OK [READ-ONLY] ', 17],
    ['a OK [UIDNEXT 0] x', 14],
    ['a OK [UIDNEXT] x', 13],
    ['a OK [UIDVALIDITY 4294967296] x', 18],
    ['a OK [READ-ONLY x] y', 15],
    ['a OK [COPYUID 5 1:3 4] x', 19],
    ['a OK [COPYUID 5 1:* 1:2] x', 18],
    ['a OK [APPENDUID 5 7:7] x', 17],
    ['a OK [HIGHESTMODSEQ 0] x', 20],
    ['a OK [HIGHESTMODSEQ 9223372036854775808] x', 20],
    ['* OK [PERMANENTFLAGS \\*] x', 21],
    ['* OK [CAPABILITY AUTH=PLAIN] x', 16],
    ['* OK [INPROGRESS ("a" NIL 5)] x', 27],
    ['* OK [INPROGRESS ("a" 6 5)] x', 25],
    ['* OK [INPROGRESS ("a" 5 5)] x', 25],
    ['* NO [BADEVENT (Nothing)] x', 16],
    ['* NO [METADATA NEVER] x', 15],
    ['* OK [MAILBOXID F1] x', 16],
    ['+', 1],
    ['+ [UIDNEXT] x', 10],
    ['* NONSENSE', 2],
    ['* 5 NONSENSE', 4],
    ['* CAPABILITY', 12],
    ['* CAPABILITY IMAP4rev1 ', 23],
    ['* CAPABILITY IMAP4rev1 IMAP4rev1', 12],
    ['* CAPABILITY IMAP4rev1 COMPRESS=GZIP', 23],
    ['* FLAGS \\Seen', 8],
    ['* FLAGS (\\Seen \\SEEN)', 8],
    ['* FLAGS (\\Recent)', 9],
    ['* FLAGS (\\Strange)', 9],
    ['* FLAGS (a  b)', 11],
    ['* FLAGS ( a)', 9],
    ['* FLAGS (a )', 11],
    ['* FLAGS (a]b)', 10],
    ['* -1 EXISTS', 2],
    ['* 4294967296 EXISTS', 2],
    ['* 1 EXISTS ', 10],
    ['* 0 EXPUNGE', 2],
    ['* 01 EXPUNGE', 2],
    ['* VANISHED', 10],
    ['* VANISHED 1:*', 13],
    ['* VANISHED (LATER) 1', 11],
    ['* LIST (\\Noselect \\Marked) "/" a', 7],
    ['* LIST (\\HasChildren \\HasNoChildren) "/" a', 7],
    ['* LIST (\\HasChildren \\Noinferiors) "/" a', 7],
    ['* LIST (\\Sent \\sent) "/" a', 7],
    ['* LIST (\\Strange) "/" a', 8],
    ['* LIST () "//" a', 10],
    ['* LIST () "" a', 10],
    ['* LIST () / a', 10],
    ['* LIST () "/" a b', 16],
    ['* LIST () "/" "a', 16],
    ['* LIST () "/" "a\tb"', 14],
    ['* LIST () "/" "a\\b"', 17],
    [`* LIST () "/" "${octets('ü')}"`, 15],
    [`* LIST () "/" {2}\r\n${octets('ü')}`, 14],
    ['* LIST () "/" "a & b"', 14],
    ['* LIST () "/" "&AGE-"', 14],
    ['* LIST () "/" "&AOQ-&APY-"', 14],
    ['* LIST () "/" "&AOQ"', 14],
    ['* LIST () "/" "&2AA-"', 14],
    ['* LIST () "/" a (CHILDINFO (SUBSCRIBED))', 27],
    ['* LIST () "/" a (X ())(', 22],
    ['* LIST () "/" a (X y)', 19],
    ['* LIST () "/" a (X 1 X 2)', 16],
    ['* STATUS a (MESSAGES)', 20],
    ['* STATUS a (MESSAGES 1 MESSAGES 2)', 11],
    ['* STATUS a (STRANGE 1)', 12],
    ['* STATUS a (UIDNEXT 0)', 20],
    ['* SEARCH ', 9],
    ['* SEARCH 1  2', 11],
    ['* SEARCH 0', 9],
    ['* SEARCH (MODSEQ 5)', 8],
    ['* SORT 1 (MODSEQ 0)', 17],
    ['* THREAD ()', 10],
    ['* THREAD (1)(2', 14],
    ['* THREAD (1 (2))', 15],
    ['* THREAD ((1))', 13],
    ['* THREAD (1) (2)', 12],
    ['* ESEARCH (TAG a1) COUNT 1', 15],
    ['* ESEARCH (TAG "a" TAG "a") COUNT 1', 10],
    ['* ESEARCH COUNT 1 COUNT 1', 18],
    ['* ESEARCH COUNT', 15],
    ['* ESEARCH MIN 0', 14],
    ['* ESEARCH ALL NIL', 14],
    ['* ESEARCH STRANGE 5', 10],
    ['* ESEARCH PARTIAL (1:-5 1)', 21],
    ['* ESEARCH RELEVANCY (101)', 21],
    ['* NAMESPACE NIL NIL', 19],
    ['* NAMESPACE () NIL NIL', 13],
    ['* NAMESPACE (("" "/") ("a" "/")) NIL NIL', 21],
    ['* ID ("name")', 12],
    ['* ID ("name" "a" "NAME" "b")', 5],
    ['* ACL INBOX Fred LR', 17],
    ['* ACL INBOX Fred', 16],
    ['* LISTRIGHTS INBOX a lr l', 21],
    ['* MYRIGHTS INBOX', 16],
    ['* QUOTA "" (STORAGE 10)', 22],
    ['* QUOTA "" (STORAGE -1 5)', 20],
    ['* METADATA INBOX', 16],
    ['* METADATA INBOX ()', 18],
    ['* METADATA INBOX (/comment "a")', 18],
    ['* METADATA INBOX (/shared/a* "a")', 27],
    ['* METADATA INBOX (/shared/a/ "a")', 18],
    ['* JMAPACCESS "not a url"', 13],
    ['* 1 FETCH ()', 11],
    ['* 1 FETCH (UID 1 UID 1)', 17],
    ['* 1 FETCH (BODY[] "" BODY[] "")', 21],
    ['* 1 FETCH (FLAGS NIL)', 17],
    ['* 1 FETCH (FLAGS (\\*))', 19],
    ['* 1 FETCH (STRANGE 1)', 11],
    ['* 1 FETCH (UID 1 )', 17],
    ['* 1 FETCH (UID  1)', 15],
    ['* 1 FETCH (BODY[HEADER.FIELDS ()] "")', 31],
    ['* 1 FETCH (BODY[MIME] "")', 16],
    ['* 1 FETCH (BODY[0] "")', 16],
    ['* 1 FETCH (BODY.PEEK[] "")', 20],
    ['* 1 FETCH (BODY[] {3+}\r\nabc)', 20],
    ['* 1 FETCH (BODY[] {3}\r\na\0b)', 24],
    ['* 1 FETCH (BODY[] {9}\r\nabc)', 23],
    ['* 1 FETCH (BODY[] ~{1}\r\na)', 18],
    ['* 1 FETCH (BODY[]<0.5> "a")', 19],
    ['* 1 FETCH (INTERNALDATE "7-Jul-1996 02:44:25 +0000")', 25],
    ['* 1 FETCH (INTERNALDATE "30-Feb-1996 02:44:25 +0000")', 25],
    ['* 1 FETCH (INTERNALDATE "17-Jul-1996 24:44:25 +0000")', 25],
    ['* 1 FETCH (INTERNALDATE "17-Jul-1996 02:44:25 GMT")', 46],
    ['* 1 FETCH (MODSEQ 5)', 18],
    ['* 1 FETCH (EMAILID M1)', 19],
    ['* 1 FETCH (EMAILID (M.1))', 21],
    ['* 1 FETCH (ENVELOPE (NIL NIL NIL NIL NIL NIL NIL NIL NIL))', 56],
    [`* 1 FETCH (ENVELOPE (NIL NIL (${address}) NIL NIL NIL NIL NIL NIL NIL))`, 28],
    ['* 1 FETCH (ENVELOPE (NIL NIL NIL NIL NIL ((NIL NIL "g" NIL)) NIL NIL NIL NIL))', 41],
    ['* 1 FETCH (ENVELOPE (NIL NIL () NIL NIL NIL NIL NIL NIL NIL))', 30],
    ['* 1 FETCH (BODY ("TEXT" "PLAIN" NIL NIL NIL "7BIT" 12))', 53],
    ['* 1 FETCH (BODY ("TEXT" "PLAIN" () NIL NIL "7BIT" 12 1))', 33],
    ['* 1 FETCH (BODY ("TEXT" "PLAIN" ("a") NIL NIL "7BIT" 12 1))', 36],
    ['* 1 FETCH (BODY ("TEXT" "PLAIN" NIL NIL NIL NIL 12 1))', 44],
    ['* 1 FETCH (BODY ("TEXT" "PLAIN" NIL NIL NIL "7BIT" 12 1 NIL))', 55],
    [`* 1 FETCH (BODY (${text} ${text} "MIXED"))`, 77],
    ['* 1 FETCH (BODY ("IMAGE" "PNG" NIL NIL NIL "BASE64" 5 3))', 53],
    ['* 1 FETCH (BODYSTRUCTURE ("IMAGE" "PNG" NIL NIL NIL "BASE64" 5 NIL NIL NIL NIL NIL))', 78],
    ['* 1 FETCH (UID 1)x', 17],
  ])('%j at octet %i', (line, position) => {
    const error = refusal(line)
    expect(error.position, error.message).toBe(position)
  })

  it.each([
    '* 5 RECENT',
    '* STATUS a (RECENT 5)',
    '* 1 FETCH (FLAGS (\\Recent))',
    '* 1 FETCH (RFC822 "a")',
    `* OK ${octets('ü').slice(0, 1)}x`,
    `* LIST () "/" "${octets('ü').slice(0, 1)}"`,
    '* 1 FETCH (BODYSTRUCTURE ("MESSAGE" "GLOBAL" NIL NIL NIL "8BIT" 5))',
  ])('%j, in revision 2', (line) => {
    expect(refusal(line, revision2).message).toContain('at octet')
  })

  it('text in UTF-8 before IMAP4rev2 is enabled, and takes quoted UTF-8 with UTF8=ACCEPT', () => {
    expect(refusal(`* OK ${octets('ü')}`, utf8).position).toBe(5)
    expect(parse(`* LIST () "/" "${octets('ü')}"`, utf8)).toMatchObject({ mailbox: 'ü' })
  })

  it('an empty list of resources where RFC 9208 is offered', () => {
    const dialect = { ...plainDialect(), capabilities: new Set(['QUOTA=RES-STORAGE']) }
    expect(refusal('* QUOTA "" ()', dialect).position).toBe(12)
  })

  it('what is nested without end', () => {
    const deep = (open: string, close: string) => `${open.repeat(50_000)}${close.repeat(50_000)}`
    for (const line of [
      `* 1 FETCH (BODYSTRUCTURE ${deep('(', ')')})`,
      `* THREAD ${deep('(', ')')}`,
      `* LIST () "/" a (X ${deep('(', ')')})`,
    ])
      expect(refusal(line).message).toContain('too deep')
  })

  it('a response that has no end, or two', () => {
    expect(() => parseResponse(Buffer.from('* OK x'), revision1)).toThrow('expected "\\r\\n"')
    expect(() => parseResponse(Buffer.from('* OK x\r\n* OK x\r\n'), revision1)).toThrow('more than one')
    expect(() => parseResponse(Buffer.from('* OK x\n'), revision1)).toThrow('at octet 6')
  })
})

describe('parseResponse tells', () => {
  it('codes', () => {
    expect(parse('a OK [COPYUID 5 3:1,9 4,6:8] ok')).toMatchObject({
      code: {
        name: 'COPYUID',
        number: 5n,
        sets: [
          [
            [1, 3],
            [9, 9],
          ],
          [
            [4, 4],
            [6, 8],
          ],
        ],
      },
    })
    expect(parse('* OK [permanentflags (\\deleted \\*)] ok')).toMatchObject({
      code: { name: 'PERMANENTFLAGS', words: ['\\Deleted', '\\*'] },
    })
  })

  it('sections by what stands before them', () => {
    const response = parse('* 1 FETCH (body[header.fields (date From)]<0> {3}\r\na"b BINARY.SIZE[1.2] 7)')
    if (response.kind !== 'fetch') throw new Error(response.kind)
    expect([...response.items.sections]).toEqual([['BODY[HEADER.FIELDS (DATE FROM)]<0>', 'a"b']])
    expect([...response.items.binarySizes]).toEqual([['1.2', 7]])
  })

  it('threads', () => {
    const leaf = (number: number) => ({ number, children: [] })
    expect(parse('* THREAD (3 6 (4 23)(44 7 96))((1)(2))')).toEqual({
      kind: 'thread',
      threads: [
        {
          number: 3,
          children: [
            {
              number: 6,
              children: [
                { number: 4, children: [leaf(23)] },
                { number: 44, children: [{ number: 7, children: [leaf(96)] }] },
              ],
            },
          ],
        },
        { number: undefined, children: [leaf(1), leaf(2)] },
      ],
    })
  })

  it('parts within parts', () => {
    const response = parse(
      `* 1 FETCH (BODYSTRUCTURE ((${text}("MESSAGE" "RFC822" NIL NIL NIL "7BIT" 5 ${envelope} ${text} 9) "mixed")${text} "DIGEST" NIL))`,
    )
    if (response.kind !== 'fetch') throw new Error(response.kind)
    const { bodyStructure } = response.items
    expect(bodyStructure).toMatchObject({
      type: 'MULTIPART',
      subtype: 'DIGEST',
      parts: [
        { subtype: 'MIXED', parts: [{ lines: 1n }, { envelope: { subject: 'hi' }, body: { octets: 12 } }] },
        { type: 'TEXT', encoding: '7BIT' },
      ],
    })
    expect(bodyStructure?.parts[1]?.parameters.get('CHARSET')).toBe('us-ascii')
  })
})
