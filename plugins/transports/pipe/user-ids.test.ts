import { describe, expect, test } from 'vitest'
import { root, userIds } from './user-ids.ts'

describe('userIds', () => {
  test('root runs nothing as root; others run nothing as somebody else', async () => {
    await expect(userIds(undefined, root)).rejects.toThrow('needs a `user`')
    await expect(userIds('root', root)).rejects.toThrow('must not run as root')
    await expect(userIds('no-such-user-here', root)).rejects.toThrow('there is no user')
    expect(await userIds('nobody', root)).toEqual({ uid: 65_534, gid: 65_534 })
    expect(await userIds(undefined, { uid: 1, gid: 1 })).toBeUndefined()
    expect(await userIds('nobody', { uid: 65_534, gid: 65_534 })).toBeUndefined()
    await expect(userIds('nobody', { uid: 1, gid: 1 })).rejects.toThrow('only root may')
  })
})
