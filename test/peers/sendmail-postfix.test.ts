import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { requirePeer } from '../support/peers/peers.ts'
import { type RunningPostfix, startPostfix } from '../support/peers/postfix.ts'
import { projectFolder } from '../support/project-files.ts'
import { runProcess } from '../support/run-process.ts'
import { PickupWorld } from '../support/smtp/pickup-world.ts'

// The same words and the same text for Postfix's sendmail and ours: what comes out has to be the same message for the same people.

const postfixIsThere = requirePeer('postmap').available && process.getuid?.() === 0
const main = join(projectFolder, 'core/cli/sendmail/main.ts')

/** What a message has become, in a form that leaves out what is never the same. */
interface Result {
  readonly sender: string
  readonly recipients: readonly string[]
  /** Sorted, without white space that folds, without the values of Date and Message-ID. */
  readonly fields: readonly string[]
  readonly body: string
}

/** Reads the message of a queue file, or of ours. */
function resultOf(sender: string, recipients: readonly string[], text: string): Result {
  const [head = '', ...rest] = `${text.replaceAll('\r\n', '\n')}`.split('\n\n')
  const fields = head.replaceAll(/\n[ \t]+/g, ' ').split('\n')
  const shown = fields
    .filter((field) => !field.startsWith('Received: by '))
    .map((field) =>
      field
        .replace(/^((?:Resent-)?(?:Date|Message-ID)):.*/is, '$1')
        .replace(/^(Resent-)?Message-Id/, '$1Message-ID'),
    )
  return {
    sender,
    recipients: [...new Set(recipients)].sort(),
    fields: shown.filter((field) => field !== '').sort(),
    body: rest.join('\n\n'),
  }
}

describe.runIf(postfixIsThere)('beside Postfix’s sendmail', () => {
  let folder: string
  let postfix: RunningPostfix

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'mailwright-beside-'))
    await chmod(folder, 0o711)
    postfix = await startPostfix(folder, {
      main: [
        'myhostname = mail.example.org',
        'myorigin = example.org',
        'mydestination =',
        'defer_transports = smtp',
        'alias_maps =',
        'smtputf8_enable = yes',
      ],
      services: ['showq unix n - n - - showq'],
      files: {},
    })
  })

  afterAll(async () => {
    await postfix.stop()
    await rm(folder, { recursive: true, force: true })
  })

  const env = () => ({ MAIL_CONFIG: postfix.settings })

  /** What Postfix makes of it, out of its queue. */
  async function byPostfix(words: readonly string[], stdin: string): Promise<Result> {
    await postfix.run('postsuper', ['-d', 'ALL'])
    const sent = await runProcess('/usr/sbin/sendmail', words, { folder, stdin, env: env() })
    expect(sent).toEqual({ code: 0, stdout: '', stderr: '' })
    const id = await vi.waitFor(async () => {
      const { stdout } = await runProcess('/usr/sbin/postqueue', ['-j'], { folder, env: env() })
      const item = JSON.parse(stdout.split('\n')[0] ?? '') as { queue_name: string; queue_id: string }
      expect(item.queue_name).toBe('deferred')
      return item.queue_id
    }, 20_000)
    const { stdout } = await runProcess('/usr/sbin/postcat', ['-q', id], { folder, env: env() })
    const [, text = ''] =
      /\*\*\* MESSAGE CONTENTS [^\n]*\n([\s\S]*)\*\*\* HEADER EXTRACTED/.exec(stdout) ?? []
    const named = (name: string) =>
      [...stdout.matchAll(new RegExp(`^${name}: ?(.*)$`, 'gm'))].map(([, value = '']) => value)
    return resultOf(named('sender')[0] ?? '', named('(?:done_)?recipient'), text)
  }

  async function byUs(words: readonly string[], stdin: string): Promise<Result> {
    const world = new PickupWorld()
    try {
      await world.start()
      const argv = ['--conditions=mailwright-source', main, 'sendmail', ...words]
      const sent = await runProcess(process.execPath, argv, {
        folder,
        stdin,
        env: { MAILWRIGHT_DROP: world.folder },
      })
      expect(sent).toMatchObject({ code: 0, stderr: '' })
      await vi.waitFor(() => expect(world.seen).toHaveLength(1), 10_000)
      const [{ sender, recipients, text }] = world.seen as [(typeof world.seen)[number]]
      return resultOf(sender, recipients, text)
    } finally {
      await world.stop()
    }
  }

  const whole = 'From: a@x.example\nDate: Mon, 23 Nov 2026 10:00:00 +0000\nMessage-ID: <1@x.example>\n'

  test.each<[string, readonly string[], string]>([
    ['a message without a header', ['b@y.example'], 'hello\nworld\n'],
    ['nothing at all', ['b@y.example'], ''],
    ['a header alone', ['b@y.example'], 'Subject: x\n'],
    [
      'what cron writes',
      ['-FCronDaemon', '-i', '-B8BITMIME', '-oem', 'root'],
      'From: root (Cron Daemon)\nTo: root\nSubject: Cron <root@host> job\nMIME-Version: 1.0\nContent-Type: text/plain; charset=UTF-8\nX-Cron-Env: <SHELL=/bin/sh>\n\nout\n.\nput\n',
    ],
    ['a list and names', ['b@y.example,root, <c@y.example>', 'Jo <jo@z.example>'], `${whole}\nx\n`],
    [
      'recipients of the header',
      ['-t'],
      'To: b@y.example, root,\n\tJo <jo@z.example>\nCc: (c) c@y.example\nBcc: d@y.example\nSubject: x\n\nx\n',
    ],
    ['and of the command line', ['-t', 'e@y.example'], 'To: b@y.example\nbcc: hidden@y.example\n\nx\n'],
    ['groups', ['-t'], 'To: grp: b@y.example, bob;, c@y.example\nBcc: undisclosed:;\n\nx\n'],
    [
      'a message that is sent on',
      ['-t'],
      `${whole}To: b@y.example\nResent-To: r@y.example\nResent-Bcc: s@y.example\n\nx\n`,
    ],
    [
      'fields that are taken out',
      ['b@y.example'],
      `${whole}Return-Path: <z@y.example>\nContent-Length: 3\nResent-Bcc: s@y.example\nBcc: t@y.example\n\nx\n`,
    ],
    ['a sender and a name', ['-f', 'jo@z.example', '-F', 'Jo "x" Doe', 'b@y.example'], 'Subject: x\n\nx\n'],
    ['a sender without a domain', ['-rjo', 'b@y.example'], 'Subject: x\n\nx\n'],
    ['the null reverse-path', ['-f', '<>', 'b@y.example'], `${whole}\nx\n`],
    [
      'mbox lines at the top',
      ['b@y.example'],
      'From jo Mon Nov 23\n>From jo Mon Nov 23\nSubject: x\n\nFrom here\n',
    ],
    ['a lone dot', ['b@y.example'], 'Subject: x\n\nx\n.\ny\n'],
    ['a lone dot without its end', ['b@y.example'], 'Subject: x\n\nx\n.'],
    ['a lone dot that is text', ['-oi', 'b@y.example'], 'Subject: x\n\nx\n.\n..\ny\n'],
    ['CRLF', ['-i', 'b@y.example'], 'Subject: x\r\nTo: root\r\n\r\nx\r\n\r\ny\r\n'],
    ['a dot behind CRLF', ['b@y.example'], 'Subject: x\r\n\r\nx\r\n.\r\ny\r\n'],
    ['a header that ends without an empty line', ['b@y.example'], 'Subject: x\nno field\n\nx\n'],
    ['8-bit', ['b@y.example'], 'Subject: Grüße\nTo: Jö <root>\n\nä\n'],
    ['a field that is folded', ['b@y.example'], `${whole}Subject: a\n b\n\tc\n\nx\n`],
    [
      'words that do nothing',
      [
        '-oem',
        '-odb',
        '-O',
        'x=y',
        '-Am',
        '-m',
        '-U',
        '-G',
        '-e',
        'm',
        '-h',
        '3',
        '-L',
        'tag',
        '-bm',
        '--',
        'b@y.example',
      ],
      `${whole}\nx\n`,
    ],
    ['long lines', ['b@y.example'], `Subject: x\n\n${'x'.repeat(5_000)}\n`],
    ['no line end', ['b@y.example'], 'Subject: x\n\nhello'],
  ])('%s', async (_, words, stdin) => {
    const [theirs, ours] = [await byPostfix(words, stdin), await byUs(words, stdin)]
    expect({ ...ours, body: ours.body.trimEnd() }).toEqual({ ...theirs, body: theirs.body.trimEnd() })
  })

  // The fields themselves stay as they are here.
  test.each<[readonly string[], string]>([
    [
      ['-t'],
      'To: b@y.example c@y.example\nCc: <d@y.example> <e@y.example>\nBcc: Jo <f@y.example> Bo <g@y.example>\n',
    ],
    [
      ['-t'],
      'To: root bob\nCc: grp: b@y.example c@y.example; (x) d@y.example (x) e @ y . example "f g"@y.example\n',
    ],
    [['-t'], 'To: b@y.example., Jo <c@y.example.>\nCc: b..c@y.example, .d@y.example, e.@y.example\n'],
    [['-t'], 'To: b@y.example\nResent-From: c@y.example\nResent-Date: Mon, 23 Nov 2026 10:00:00 +0000\n'],
    [['-t'], 'To: b@y.example\nResent-Cc: c@y.example\n'],
    [['-f', 's@z.example.', 'b@y.example c@y.example', 'root bob'], ''],
    [['-f', `s+${'x'.repeat(120)}@z.example`, `${'y'.repeat(100)}@y.example`], ''],
  ])('the same people: %j %j', async (words, header) => {
    const stdin = `${header}Subject: x\n\nx\n`
    const [theirs, ours] = [await byPostfix(words, stdin), await byUs(words, stdin)]
    // Postfix's queue has local parts without their quotes.
    const people = ({ sender, recipients }: Result) =>
      [sender, ...recipients.map((each) => each.replace(/^"(.*)"@/, '$1@'))].sort()
    expect(people(ours)).toEqual(people(theirs))
  })

  test.each(['-i', '-oi', '-oit', '-oiT', '-oitrue'])('a lone dot with %s', async (word) => {
    const stdin = 'Subject: x\n\nx\n.\ny\n'
    const [theirs, ours] = [
      await byPostfix([word, 'b@y.example'], stdin),
      await byUs([word, 'b@y.example'], stdin),
    ]
    expect(ours.body.trimEnd()).toBe(theirs.body.trimEnd())
    expect(ours.body).toContain('y')
  })
})
