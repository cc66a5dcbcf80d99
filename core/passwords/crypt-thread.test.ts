import { execFile } from 'node:child_process'
import process from 'node:process'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'
import { errorCode } from '../errors.ts'
import type { CryptSettings } from './crypt-task.ts'
import { createCryptThread } from './crypt-thread.ts'

const md5: CryptSettings = { kind: 'md5', mark: '$1$', salt: 'deadbeef' }
const secret = Buffer.from('p€ssword')
const output = 'NtXSSNzyhketvNoOtcRzC/'

/** A thread that does its work but dies of one salt, or stops at another. */
const mortal = `
  import { parentPort } from 'node:worker_threads'
  parentPort.on('message', ({ number, settings }) => {
    if (settings.salt === 'throws') throw new Error('no')
    if (settings.salt === 'exits') process.exit(0)
    parentPort.postMessage({ number, output: settings.salt })
  })`
const mortalThread = () => createCryptThread(new URL(`data:text/javascript,${encodeURIComponent(mortal)}`))
const salted = (salt: string): CryptSettings => ({ ...md5, salt })

describe('the thread for passwords', () => {
  it('answers each with its own', async () => {
    const thread = createCryptThread()
    const sha: CryptSettings = { kind: 'sha256', rounds: 5000, salt: 'saltstring' }
    const answers = await Promise.all([
      thread.compute(Buffer.from('Hello world!'), sha),
      thread.compute(secret, md5),
      thread.compute(Buffer.from('password'), md5),
      thread.compute(secret, md5),
    ])
    expect(answers[0]).toBe('5B8vYYiY.CVt1RlTTf8KbXBH3hsxY/GNooZaBBGWEc5')
    expect([answers[1], answers[3]]).toEqual([output, output])
    expect(answers[2]).not.toBe(output)
  })

  it.each(['throws', 'exits'])('is started again after it died: it %s', async (fatal) => {
    const thread = mortalThread()
    expect(await thread.compute(secret, salted('first'))).toBe('first')
    const lost = await Promise.all(
      [fatal, 'behind'].map((salt) => thread.compute(secret, salted(salt)).catch(errorCode)),
    )
    expect(lost).toEqual(['MAIL_E_UNAVAILABLE', 'MAIL_E_UNAVAILABLE'])
    expect(await thread.compute(secret, salted('second'))).toBe('second')
  })

  it('says so where it cannot be started', async () => {
    const thread = createCryptThread(new URL('no-such-file.ts', import.meta.url))
    expect(await thread.compute(secret, md5).catch(errorCode)).toBe('MAIL_E_UNAVAILABLE')
  })

  it('keeps the process alive while somebody waits, and no longer', async () => {
    const url = new URL('crypt-thread.ts', import.meta.url)
    const program = `
      import { createCryptThread } from ${JSON.stringify(url.href)}
      const thread = createCryptThread()
      const settings = ${JSON.stringify(md5)}
      thread.compute(Buffer.from('p€ssword'), settings).then((first) => {
        console.log(first)
        return thread.compute(Buffer.from('p€ssword'), settings)
      }).then(console.log)`
    const run = promisify(execFile)
    const { stdout } = await run(process.execPath, ['--input-type=module', '--eval', program])
    expect(stdout).toBe(`${output}\n${output}\n`)
  })
})
