-- When somebody signed in last, for whoever decides who may still come in. A server of before writes rows without it.
alter table people."user" add column "lastSignInAt" timestamptz;
