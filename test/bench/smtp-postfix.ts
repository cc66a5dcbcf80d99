import { spawnSync } from 'node:child_process'
import { chownSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { freePort } from '../support/free-port.ts'
import { domain, type SmtpHost, users } from './smtp-servers.ts'

const nobody = 65_534

/** A Postfix of its own, that delivers into Maildirs with its virtual(8). It has to be started by root. */
export async function postfixSmtp(folder: string): Promise<SmtpHost> {
  const home = join(folder, 'postfix')
  const [settings, spool, data, mail] = ['etc', 'spool', 'data', 'mail'].map((name) => join(home, name)) as [
    string,
    string,
    string,
    string,
  ]
  for (const each of [settings, spool, data, mail]) mkdirSync(each, { recursive: true })
  const postfixUser = Number(spawnSync('id', ['-u', 'postfix'], { encoding: 'utf8' }).stdout)
  chownSync(data, postfixUser, postfixUser)
  chownSync(mail, nobody, nobody)
  const port = await freePort()
  writeFileSync(join(settings, 'main.cf'), mainSettings(home))
  writeFileSync(join(settings, 'master.cf'), services(port))
  writeFileSync(
    join(settings, 'mailboxes'),
    users.map((user) => `${user}@${domain} ${user}/Maildir/\n`).join(''),
  )
  run(settings, 'start')
  return {
    name: 'postfix',
    port,
    pid: Number(readFileSync(join(spool, 'pid/master.pid'), 'utf8')),
    delivered: users.map((user) => join(mail, user, 'Maildir/new')),
    async [Symbol.asyncDispose]() {
      run(settings, 'stop')
    },
  }
}

function run(settings: string, word: 'start' | 'stop'): void {
  const { status, stderr } = spawnSync('postfix', ['-c', settings, word], { encoding: 'utf8' })
  if (status !== 0) throw new Error(`postfix ${word}: ${stderr}`)
}

function mainSettings(home: string): string {
  return `compatibility_level = 3.6
queue_directory = ${home}/spool
data_directory = ${home}/data
command_directory = /usr/sbin
daemon_directory = /usr/lib/postfix/sbin
mail_owner = postfix
setgid_group = postdrop
default_database_type = texthash
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
myhostname = mail.example.org
mydestination =
virtual_mailbox_domains = ${domain}
virtual_mailbox_base = ${home}/mail
virtual_mailbox_maps = texthash:${home}/etc/mailboxes
virtual_uid_maps = static:${nobody}
virtual_gid_maps = static:${nobody}
virtual_mailbox_limit = 0
message_size_limit = 104857600
smtpd_client_connection_count_limit = 0
smtpd_peername_lookup = no
default_process_limit = 200
maillog_file = ${home}/data/log
maillog_file_prefixes = ${home}
`
}

function services(port: number): string {
  return `${port} inet n - n - - smtpd
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
error unix - - n - - error
retry unix - - n - - error
virtual unix - n n - - virtual
anvil unix - - n - 1 anvil
postlog unix-dgram n - n - 1 postlogd
`
}
