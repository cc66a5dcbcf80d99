import { type AliasTarget, type Domain, formatAddress } from 'mailwright'
import {
  type AccountRecord,
  type AccountsDirectory,
  auditSubject,
  type StoredAppPassword,
} from 'mailwright/accounts'
import { derivedId } from './derived-id.ts'

/** A part of a file: the name of a list. */
export type Section = 'domains' | 'accounts' | 'aliases' | 'deleted'

export const sections: readonly Section[] = ['domains', 'accounts', 'aliases', 'deleted']

/** One item of a list, as it is written, and what makes it the same item after a change. */
export interface DataItem {
  readonly identity: string
  readonly data: unknown
}

/** What a directory says, as lists of plain values in their order. */
export function dataOf(directory: AccountsDirectory): Readonly<Record<Section, readonly DataItem[]>> {
  return {
    domains: [...directory.domains.values()].map((domain) => ({
      identity: domain.name,
      data: domainData(domain),
    })),
    accounts: [...directory.records].map((record) => ({
      identity: record.account.id,
      data: accountData(record),
    })),
    aliases: [...directory.aliases].map(([key, { address, targets }]) => ({
      identity: key,
      data: { address: auditSubject(address), targets: targets.map(targetData) },
    })),
    deleted: directory.deleted.map(({ record, deletedAt }) => ({
      identity: `${record.account.id} ${deletedAt.getTime()}`,
      data: { deleted: deletedAt.toISOString(), ...accountData(record) },
    })),
  }
}

function domainData({ name, aliasOf, quotaBytes, maxAccounts, disabled }: Domain): unknown {
  const settings = {
    ...(aliasOf === undefined ? {} : { aliasOf }),
    ...(quotaBytes === undefined ? {} : { quota: quotaBytes }),
    ...(maxAccounts === undefined ? {} : { maxAccounts }),
    ...(disabled ? { disabled } : {}),
  }
  return Object.keys(settings).length === 0 ? name : { name, ...settings }
}

function accountData({ account, password, appPasswords }: AccountRecord): Record<string, unknown> {
  const { id, address, name, quotaBytes, disabled, disabledProtocols, attributes } = account
  return {
    address: formatAddress(address),
    ...(id === derivedId(address) ? {} : { id }),
    ...(password === undefined ? {} : { password }),
    ...(name === undefined ? {} : { name }),
    ...(quotaBytes === undefined ? {} : { quota: quotaBytes }),
    ...(disabled ? { disabled } : {}),
    ...(disabledProtocols === undefined ? {} : { deny: disabledProtocols }),
    ...(attributes === undefined ? {} : { attributes }),
    ...(appPasswords.length === 0 ? {} : { appPasswords: appPasswords.map(appPasswordData) }),
  }
}

function appPasswordData({ name, hash, scramKeys, roles, createdAt }: StoredAppPassword): unknown {
  return {
    name,
    hash,
    ...(scramKeys === undefined ? {} : { scram: scramKeys }),
    ...(roles.length === 0 ? {} : { for: roles }),
    created: createdAt.toISOString(),
  }
}

function targetData(target: AliasTarget): unknown {
  const address = formatAddress(target)
  return target.expiresAt === undefined ? address : { address, expires: target.expiresAt.toISOString() }
}
