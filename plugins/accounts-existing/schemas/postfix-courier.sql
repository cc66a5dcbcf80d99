-- The tables of the classic how-tos for Postfix and Courier: what Postfix looks up in `domains`, `transport` and
-- `forwardings`, and `users` with the columns that Courier's sample authmysqlrc names.

create table domains (
  domain varchar(128) not null primary key
) engine=MyISAM default charset=latin1;

create table transport (
  domain varchar(128) not null primary key,
  transport varchar(128) not null default ''
) engine=MyISAM default charset=latin1;

create table forwardings (
  source varchar(128) not null primary key,
  destination text not null
) engine=MyISAM default charset=latin1;

create table users (
  id varchar(128) not null primary key,
  crypt varchar(128) not null default '',
  clear varchar(128) not null default '',
  name varchar(128) not null default '',
  uid int not null default 5000,
  gid int not null default 5000,
  home varchar(255) not null default '/home/vmail',
  maildir varchar(255) not null default '',
  quota varchar(64) not null default '',
  auxoptions varchar(128) not null default ''
) engine=MyISAM default charset=latin1;
