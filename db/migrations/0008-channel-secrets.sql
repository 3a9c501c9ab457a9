-- What signs the letters of a webhook is sealed as well.

create trigger sealed before insert or update of secret on notification_channel
  for each row execute function patchbay_check_sealed('secret');
