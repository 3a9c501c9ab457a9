-- People can be told on a device of theirs, through the push service of its browser. Its key and its subscription are the channel's secret.

alter table notification_channel drop constraint notification_channel_kind_check;
alter table notification_channel add constraint notification_channel_kind_check check (kind in ('console', 'email', 'webhook', 'push'));
