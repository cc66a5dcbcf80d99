-- The tables of PostfixAdmin that have to do with delivery and login, as its documentation describes them: columns,
-- types, defaults and character sets; not its tables of administrators, logs and fetchmail.

create table domain (
  domain varchar(255) not null primary key,
  description varchar(255) character set utf8mb4 not null default '',
  aliases int not null default 0,
  mailboxes int not null default 0,
  maxquota bigint not null default 0,
  quota bigint not null default 0,
  transport varchar(255) not null default 'virtual',
  backupmx tinyint not null default 0,
  created datetime not null default '2000-01-01 00:00:00',
  modified datetime not null default '2000-01-01 00:00:00',
  active tinyint not null default 1
) engine=InnoDB default charset=latin1;

create table alias_domain (
  alias_domain varchar(255) not null primary key,
  target_domain varchar(255) not null,
  created datetime not null default '2000-01-01 00:00:00',
  modified datetime not null default '2000-01-01 00:00:00',
  active tinyint not null default 1
) engine=InnoDB default charset=latin1;

create table mailbox (
  username varchar(255) not null primary key,
  password varchar(255) not null default '',
  name varchar(255) character set utf8mb4 not null default '',
  maildir varchar(255) not null default '',
  quota bigint not null default 0,
  local_part varchar(255) not null default '',
  domain varchar(255) not null,
  created datetime not null default '2000-01-01 00:00:00',
  modified datetime not null default '2000-01-01 00:00:00',
  active tinyint not null default 1
) engine=InnoDB default charset=latin1;

create table alias (
  address varchar(255) not null primary key,
  goto text not null,
  domain varchar(255) not null,
  created datetime not null default '2000-01-01 00:00:00',
  modified datetime not null default '2000-01-01 00:00:00',
  active tinyint not null default 1
) engine=InnoDB default charset=latin1;

create table vacation (
  email varchar(255) not null primary key,
  subject varchar(255) character set utf8mb4 not null default '',
  body text character set utf8mb4 not null,
  activefrom datetime not null default '2000-01-01 00:00:00',
  activeuntil datetime not null default '2038-01-18 00:00:00',
  domain varchar(255) not null,
  active tinyint not null default 1
) engine=InnoDB default charset=latin1;

create index mailbox_domain on mailbox (domain);
create index alias_domain_of_alias on alias (domain);
