import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { localUser } from './local-user.ts'

test.each([
  ['Jo Doe,room 1,,', 'Jo Doe'],
  ['', undefined],
  ['& Doe', `${userInfo().username.charAt(0).toUpperCase()}${userInfo().username.slice(1)} Doe`],
])('the name in %j', async (gecos, fullName) => {
  const folder = await mkdtemp(join(tmpdir(), 'mailwright-user-'))
  const file = join(folder, 'passwd')
  await writeFile(file, `x:x:99999:1:Other:/:/bin/sh\nx:x:${process.getuid?.()}:1:${gecos}:/:/bin/sh\n`)
  expect(localUser(file)).toEqual({ login: userInfo().username, fullName })
  await rm(folder, { recursive: true, force: true })
  expect(localUser(file).fullName).toBeUndefined()
})
