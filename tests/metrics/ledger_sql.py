"""The figures in plain SQL done the ledger's own table of events: nothing of the fold is used here.

`fact` is every count at its moment, by dimension and key; `wait` every wait; `spell` what an agent did when.
"""

# ruff: noqa: E501 - lines of SQL

SCHEMA = """
create temp table ev as
select sequence as n, type, body,
  unixepoch(substr(body ->> '$.at', 1, 19)) * 1000000
    + case when substr(body ->> '$.at', 20, 1) = '.'
      then cast(substr(rtrim(substr(body ->> '$.at', 21), 'Z') || '000000', 1, 6) as integer) else 0 end as us,
  body ->> '$.interaction' as i, body ->> '$.agent' as agent, body ->> '$.offer' as offer,
  case when type like 'Queue%' then null else body ->> '$.queue' end as queue,
  coalesce(body ->> '$.reason', '') as reason, coalesce(body ->> '$.to', '') as goes,
  body ->> '$.by' as by
from events;
create index ev_i on ev (i, n); create index ev_t on ev (type, n);

-- settings by queue, from each configuration on
create temp table setting as
select n, body ->> '$.queue.key' as queue,
  coalesce(body ->> '$.queue.threshold_s', 20) * 1000000 as threshold,
  coalesce(body ->> '$.queue.short_abandon_s', 5) * 1000000 as short,
  coalesce(body ->> '$.queue.formula', 'answered_in_time_of_all_less_short') as formula,
  coalesce(body ->> '$.queue.repeat_days', 7) * 86400000000 as within
from ev where type = 'QueueConfigured';

create temp table callback as
select n, us, i as asked, body ->> '$.callback' as i, queue from ev where type = 'CallbackRequested';

create temp table outbound as
select n, us, i, queue, agent from ev where type = 'OutboundRequested'
  and n = (select min(x.n) from ev x where x.i = ev.i);
create temp table apart as select i, 'callback_us' as name, queue from callback
  union all select i, 'outbound_us', queue from outbound;

-- a stay: one time in one queue, until it is answered, moved, let go, or done
create temp table every_stay as
select q.*, o.type as over_type, o.us as over_us, o.reason as over_reason, o.goes as over_to, o.by as over_by,
  o.agent as over_agent,
  row_number() over (partition by q.i order by q.n) as nth
from (select n, us, i, queue, reason as came, body, body ->> '$.estimate_s' as estimate,
    unixepoch(substr(body ->> '$.waiting_since', 1, 19)) * 1000000
      + case when substr(body ->> '$.waiting_since', 20, 1) = '.' then cast(substr(
        rtrim(substr(body ->> '$.waiting_since', 21), 'Z') || '000000', 1, 6) as integer) else 0 end as since,
    (select min(e.n) from ev e where e.i = v.i and e.n > v.n and e.type in
      ('InteractionAnswered', 'InteractionLeftQueue', 'InteractionEnded', 'InteractionQueued')) as done
  from ev v where type = 'InteractionQueued') q
left join ev o on o.n = q.done;
create temp table stay as select * from every_stay where i not in (select i from apart);
create index stay_i on stay (i, n);

create temp table outcome as
select s.*, max(0, over_us - since) as waited,
  (select threshold from setting c where c.queue = s.queue and c.n <= s.done order by c.n desc limit 1) as threshold,
  (select short from setting c where c.queue = s.queue and c.n <= s.done order by c.n desc limit 1) as short,
  (select formula from setting c where c.queue = s.queue and c.n <= s.done order by c.n desc limit 1) as formula,
  (select case when count(distinct f) = 1 then max(f) else 'answered_in_time_of_all_less_short' end from (
    select (select formula from setting c where c.queue = k.queue and c.n <= s.done order by c.n desc limit 1) f
    from (select distinct queue from setting) k)) as whole_formula,
  case when over_type = 'InteractionAnswered' then 'answered'
    when over_type = 'InteractionEnded' and (over_by = 'customer' or over_reason = 'media lost') then 'abandoned'
    when over_type is not null then 'flowed' end as how,
  case over_type when 'InteractionQueued' then
      (select case when reason = 'moved' then 'moved' else 'overflow' end from ev where n = s.done)
    when 'InteractionEnded' then 'ended'
    when 'InteractionLeftQueue' then
      case over_to when '*callback' then 'callback' when '*voicemail' then 'voicemail' else over_reason end
    end as why
from stay s;

-- what settled an interaction for channel, skills and centre: the first of these
create temp table settled as
select * from (
  select *, row_number() over (partition by i order by n) as nth from (
    select i, done as n, over_us as us, how, why from outcome where how in ('answered', 'abandoned')
    union all
    select i, done, over_us, how, why from outcome where how = 'flowed' and over_type = 'InteractionEnded'
    union all
    select i, done, over_us, how, why from outcome where over_type = 'InteractionLeftQueue'
      and not (over_reason = 'overflow' and over_to = '') and (over_to = '' or substr(over_to, 1, 1) = '*')
    union all
    select e.i, e.n, e.us, 'flowed', case e.type when 'CallbackRequested' then 'callback' else 'voicemail' end
    from ev e where e.type in ('CallbackRequested', 'VoicemailStarted')
      and exists (select 1 from stay s where s.i = e.i and s.n < e.n)
    union all
    select e.i, e.n, e.us, 'flowed', (select l.reason from ev l where l.i = e.i and l.n < e.n
      and l.type = 'InteractionLeftQueue' order by l.n desc limit 1)
    from ev e where e.type = 'InteractionEnded' and exists (select 1 from stay s where s.i = e.i)
      and (select l.type from ev l where l.i = e.i and l.n < e.n and l.type in ('InteractionQueued',
        'InteractionLeftQueue', 'InteractionAnswered') order by l.n desc limit 1) = 'InteractionLeftQueue')
) where nth = 1;

-- the channel and skills of an interaction; a callback has those of the call that asked
create temp table mix as
select a.i, coalesce(a.body ->> '$.channel', 'voice') as channel,
  coalesce((select s.body from stay s where s.i = a.i and s.nth = 1), '{}') as first
from ev a where a.type = 'InteractionArrived'
union all
select c.i, m.channel, m.first from callback c join (
  select a.i, coalesce(a.body ->> '$.channel', 'voice') as channel,
    coalesce((select s.body from stay s where s.i = a.i and s.nth = 1), '{}') as first
  from ev a where a.type = 'InteractionArrived') m on m.i = c.asked
union all select i, 'voice', '{}' from outbound
union all select c.i, 'voice', '{}' from callback c join outbound o on o.i = c.asked;

-- where an interaction counts beside its queue and its agent
create temp table whole as
select i, 'centre' as dimension, '' as key from mix
union all select i, 'channel', channel from mix
union all select distinct i, 'skill', s.value ->> '$.skill' from mix, json_each(first, '$.skills') s;
create index whole_i on whole (i);

-- who handled what: talk and hold between the facts of a contact
create temp table segment as
select *, lead(us) over w as until, lead(n) over w as until_n, lead(type) over w as next_type
from (select *, (select q.queue from ev q where q.i = v.i and q.n <= v.n
      and q.type = 'InteractionQueued' order by q.n desc limit 1) as at_queue,
    (select a.agent from ev a where a.i = v.i and a.n <= v.n and a.type = 'InteractionAnswered'
      order by a.n desc limit 1) as by_agent
  from ev v where type in ('InteractionAnswered', 'InteractionHeld', 'InteractionResumed',
    'InteractionTransferred', 'InteractionEnded'))
window w as (partition by i order by n);

-- a counted number: name at a moment, for a queue ('' none), an agent ('' none), an interaction's wholes or not
create temp table raw (us integer, n integer, name text, value integer, queue text, agent text, i text, wholes integer);
"""

RAW = """
insert into raw select us, n, 'offered', 1, queue, '', i, 0 from stay;
insert into raw select us, n, 'offered', 1, '', '', i, 1 from stay where nth = 1;
insert into raw select us, n, 'transferred_in', 1, queue, '', i, 1 from stay where came = 'transfer';
insert into raw select over_us, done, 'flowed_out', 1, queue, '', i, 0 from outcome where how = 'flowed';
insert into raw select over_us, done, 'out_' || why, 1, queue, '', i, 0 from outcome where how = 'flowed';
insert into raw select us, n, 'flowed_out', 1, '', '', i, 1 from settled where how = 'flowed';
insert into raw select us, n, 'out_' || why, 1, '', '', i, 1 from settled where how = 'flowed';

-- answers and abandons: in the queue, for the agent, and for the wholes where they settle
create temp table counted as
select o.*, waited <= threshold as in_time, waited < short as is_short, 0 as wholes, formula as by_formula,
  case when how = 'answered' then over_agent else '' end as by_agent from outcome o where how in ('answered', 'abandoned')
union all
select o.*, waited <= threshold, waited < short, 1, whole_formula, '' from outcome o
  join settled s on s.n = o.done where o.how in ('answered', 'abandoned');
insert into raw select over_us, done, how, 1, iif(wholes, '', queue), by_agent, i, wholes from counted;
insert into raw select over_us, done, how || '_in_time', in_time, iif(wholes, '', queue), by_agent, i, wholes
  from counted;
insert into raw select over_us, done, 'short_abandoned', is_short, iif(wholes, '', queue), '', i, wholes
  from counted where how = 'abandoned';
insert into raw select over_us, done, 'wait_' || how || '_us', waited, iif(wholes, '', queue), by_agent, i, wholes
  from counted;
insert into raw select over_us, done, 'level_met', in_time and (how = 'answered' or by_formula = 'in_time_of_all'),
  iif(wholes, '', queue), by_agent, i, wholes from counted;
insert into raw select over_us, done, 'level_of', case when how = 'answered' then 1
    when by_formula = 'answered_in_time_of_answered' then 0
    when by_formula = 'answered_in_time_of_all_less_short' then not is_short
    when by_formula = 'answered_in_time_of_due' then not in_time else 1 end,
  iif(wholes, '', queue), by_agent, i, wholes from counted;

-- expected waits of the answered
insert into raw select over_us, done, x.name, case x.name when 'estimates' then 1
    when 'estimate_error_us' then error when 'estimate_abs_error_us' then abs(error)
    else abs(error) * 4 <= told end, iif(wholes, '', queue), '', i, wholes
  from (select *, cast(round(estimate * 1000000) as integer) as told,
      over_us - us - cast(round(estimate * 1000000) as integer) as error
    from counted where how = 'answered' and estimate is not null),
  (select 'estimates' as name union select 'estimates_near' union select 'estimate_error_us'
    union select 'estimate_abs_error_us') x;

-- refusals
insert into raw select us, n, x.name, 1, queue, '', i, 0 from ev, (select 'refused' as name, '' as r
    union select 'refused_closed', 'closed' union select 'refused_full', 'full'
    union select 'refused_no_agents', 'no_agents') x
  where type = 'InteractionRefused' and (x.r = '' or x.r = reason) and queue in (select queue from setting);
insert into raw select us, n, x.name, 1, '', '', i, 2 from ev, (select 'refused' as name, '' as r
    union select 'refused_closed', 'closed' union select 'refused_full', 'full'
    union select 'refused_no_agents', 'no_agents') x
  where type = 'InteractionRefused' and (x.r = '' or x.r = reason)
    and (goes = '' or substr(goes, 1, 1) = '*')
    and not exists (select 1 from stay s where s.i = ev.i and s.n < ev.n);

-- callbacks and messages
insert into raw select us, n, 'callbacks_asked', 1, queue, '', i, 1 from callback;
create temp table reached as select e.*, (select q.queue from (select n, i, queue from ev where
    type = 'InteractionQueued' union all select n, i, queue from callback) q
    where q.i = e.i and q.n <= e.n order by q.n desc limit 1) as in_queue
  from ev e join callback c on c.i = e.i
  where e.type in ('InteractionAnswered', 'CustomerNotReached', 'InteractionEnded');
insert into raw select us, n, 'callbacks_done', 1, in_queue, agent, i, 1 from reached r
  where type = 'InteractionAnswered' and n = (select min(n) from reached x where x.i = r.i and x.type = r.type);
insert into raw select us, n, 'callbacks_not_reached', 1, in_queue, agent, i, 1 from reached
  where type = 'CustomerNotReached';
insert into raw select us, n, 'callbacks_refused', 1, (select s.queue from ev s where s.i = e.i and s.n < e.n
    and s.type = 'InteractionQueued' order by s.n desc limit 1), '', i, 1 from ev e where type = 'CallbackRefused';
insert into raw select us, n, 'callbacks_failed', 1, in_queue, '', i, 1 from reached r
  where type = 'InteractionEnded'
    and not exists (select 1 from reached x where x.i = r.i and x.type = 'InteractionAnswered' and x.n < r.n);
insert into raw select us, n, 'voicemails', 1, queue, '', i, 1 from ev where type = 'VoicemailLeft';

insert into raw select us, n, 'outbound', 1, queue, agent, i, 1 from outbound;
insert into raw select e.us, e.n, 'outbound_reached', 1, o.queue, e.agent, e.i, 1 from ev e join outbound o on o.i = e.i
  where e.type = 'InteractionAnswered'
    and e.n = (select min(x.n) from ev x where x.i = e.i and x.type = e.type);

-- offers
insert into raw select us, n, 'offers', 1, '', agent, i, 0 from ev where type = 'InteractionOffered';
create temp table lost as
select e.*, o.queue as of_queue from ev e join ev o on o.offer = e.offer and o.type = 'InteractionOffered'
where e.type = 'OfferEnded' and e.reason != 'withdrawn'
  and e.n = (select min(n) from ev x where x.offer = e.offer
    and x.type in ('OfferEnded', 'InteractionAnswered', 'CallbackDialled'))
  and not exists (select 1 from ev x where x.i = e.i and x.n < e.n and x.n > o.n
    and x.type in ('InteractionEnded', 'InteractionQueued', 'InteractionAnswered'));
insert into raw select us, n, 'requeued', 1, of_queue, agent, i, 1 from lost;
insert into raw select us, n, 'rona', 1, of_queue, agent, i, 1 from lost where reason = 'no_answer';
insert into raw select us, n, 'declined', 1, of_queue, agent, i, 1 from lost where reason = 'declined';

-- contacts
insert into raw select us, n, 'contacts', 1, '', agent, i, 0 from ev where type = 'InteractionAnswered';
insert into raw select us, n, 'transferred_out', 1, coalesce(at_queue, (select queue from apart c where c.i = s.i)),
  by_agent, i, 1 from segment s where type = 'InteractionTransferred';
insert into raw select until, until_n, case when i in (select i from apart) then (select name from apart c where c.i = s.i)
    when type = 'InteractionHeld' then 'hold_us' else 'talk_us' end, max(0, until - us),
  coalesce(at_queue, (select queue from apart c where c.i = s.i)), by_agent, i, 1
  from segment s where until is not null
    and type in ('InteractionAnswered', 'InteractionHeld', 'InteractionResumed');
insert into raw select e.us, e.n, coalesce((select name from apart c where c.i = s.i), 'wrap_up_us'), e.us - s.us,
  s.queue, s.agent, s.i, 1 from ev e join ev s on s.type = 'WrapUpStarted' and s.i = e.i and s.agent = e.agent
    and s.n = (select max(n) from ev x where x.type = 'WrapUpStarted' and x.i = e.i and x.agent = e.agent and x.n < e.n)
  where e.type = 'WrapUpEnded';

-- who came again
create temp table contact as
select *, lag(n) over w as before_n, lag(us) over w as before_us, lag(i) over w as before_i,
  us - lag(us) over w between 0 and lag(within) over w and lag(within) over w > 0 as repeats from (
  select s.n, s.us, s.i, s.queue,
    (select within from setting c where c.queue = s.queue and c.n <= s.n order by c.n desc limit 1) as within,
    replace(replace(a.body ->> '$.customer.uri', 'sip:', ''), '@x', '') as who
  from stay s join ev a on a.i = s.i and a.type = 'InteractionArrived' where s.nth = 1)
where who != 'anonymous' window w as (partition by who, queue order by n);
insert into raw select us, n, 'callers_known', 1, queue, '', i, 1 from contact where within > 0;
insert into raw select us, n, 'callers_repeated', 1, queue, '', i, 1 from contact where repeats and within > 0;
insert into raw select o.over_us, o.done, 'contacts_known', 1, o.queue, o.over_agent, o.i, 1
  from outcome o join settled s on s.n = o.done and s.how = 'answered'
  where o.how = 'answered' and o.i in (select i from contact where within > 0);
insert into raw select o.over_us, o.done, 'contacts_repeated', 1, c.queue, o.over_agent, o.i, 1
  from contact c join settled s on s.i = c.before_i and s.how = 'answered' and s.n < c.n
    join outcome o on o.done = s.n where c.repeats;

create temp table fact as
select us, n, 'queue' as dimension, queue as key, name, value from raw where queue in (select queue from setting)
union all select us, n, 'agent', agent, name, value from raw where agent != ''
union all select r.us, r.n, w.dimension, w.key, r.name, r.value from raw r join whole w on w.i = r.i
  where r.wholes = 1 or (r.wholes = 2 and w.dimension != 'skill');
create index fact_k on fact (dimension, key, us);

create temp table wait as
select over_us as us, how, waited, 'queue' as dimension, queue as key from counted where not wholes
union all select over_us, how, waited, 'agent', by_agent from counted where not wholes and by_agent != ''
union all select c.over_us, c.how, c.waited, w.dimension, w.key from counted c join whole w on w.i = c.i where c.wholes;
"""

SPELLS = """
-- when an agent is at work on a customer who is not there yet
create temp table dials as select * from ev where type = 'OutboundRequested'
  or (type = 'CallbackDialled' and i not in (select i from outbound));

-- what each agent has at hand: one up or down of a kind of work
create temp table step as
select n, us, agent, 'offered' as work, 1 as d, 0 as off from ev where type = 'InteractionOffered'
union all
select (select min(x.n) from ev x where x.n > o.n and ((x.offer = o.offer and x.type in
    ('OfferEnded', 'InteractionAnswered', 'CallbackDialled')) or (x.i = o.i and x.type in
    ('InteractionEnded', 'InteractionQueued')))), null, agent, 'offered', -1, 0 from ev o
  where o.type = 'InteractionOffered'
union all select n, us, agent, 'on_contact', 1, 0 from dials
union all select n, us, agent, 'on_contact', -1, 0 from ev where type = 'CustomerNotReached'
union all
select (select min(x.n) from ev x where x.i = o.i and x.n > o.n and x.type in
    ('InteractionAnswered', 'CustomerNotReached', 'InteractionEnded')), null, agent, 'on_contact', -1, 0
  from dials o where (select x.type from ev x where x.i = o.i and x.n > o.n and x.type in
    ('InteractionAnswered', 'CustomerNotReached', 'InteractionEnded') order by x.n limit 1) != 'CustomerNotReached'
union all select n, us, by_agent, iif(type = 'InteractionHeld', 'hold', 'on_contact'), 1, 0 from segment
  where type in ('InteractionAnswered', 'InteractionHeld', 'InteractionResumed')
union all select until_n, null, by_agent, iif(type = 'InteractionHeld', 'hold', 'on_contact'), -1, 0 from segment
  where type in ('InteractionAnswered', 'InteractionHeld', 'InteractionResumed') and until_n is not null
union all select n, us, agent, 'wrap_up', 1, 0 from ev where type = 'WrapUpStarted'
union all select n, us, agent, 'wrap_up', -1, 0 from ev where type = 'WrapUpEnded';

create temp table presence as
select n, agent, case type when 'AgentSignedIn' then 'paused' when 'AgentBecameReady' then 'ready'
    when 'AgentPaused' then 'paused' when 'AgentNotResponding' then 'not_responding' else 'offline' end as state,
  case type when 'AgentSignedIn' then 'sign-in' when 'AgentPaused' then reason else '' end as why
from ev where type in ('AgentSignedIn', 'AgentBecameReady', 'AgentPaused', 'AgentNotResponding', 'AgentSignedOut')
union all
select e.n, e.agent, 'ready', '' from ev e
  where e.type in ('InteractionAnswered', 'CallbackDialled', 'OutboundRequested')
  and (select p.type from ev p where p.agent = e.agent and p.n < e.n and p.type in ('AgentSignedIn',
    'AgentBecameReady', 'AgentPaused', 'AgentNotResponding', 'AgentSignedOut') order by p.n desc limit 1)
    = 'AgentNotResponding';

create temp table change as select distinct agent, n from (
  select agent, n from step where n is not null union select agent, n from presence);
create temp table spell as
select agent, us, lead(us, 1, (select us + 30000000 from ev order by n desc limit 1)) over (partition by agent order by n) as until,
  case when shown = 'paused' then why else '' end as why, shown from (
  select c.agent, c.n, (select us from ev where ev.n = c.n) as us, why, case
      when state = 'not_responding' then state
      when (select sum(d) from step s where s.agent = c.agent and s.n <= c.n and s.work = 'on_contact') > 0 then 'on_contact'
      when (select sum(d) from step s where s.agent = c.agent and s.n <= c.n and s.work = 'hold') > 0 then 'hold'
      when (select sum(d) from step s where s.agent = c.agent and s.n <= c.n and s.work = 'wrap_up') > 0 then 'wrap_up'
      when (select sum(d) from step s where s.agent = c.agent and s.n <= c.n and s.work = 'offered') > 0 then 'offered'
      else coalesce(state, 'offline') end as shown
  from change c
  left join presence p on p.agent = c.agent and p.n = (select max(n) from presence x where x.agent = c.agent and x.n <= c.n));

create temp table serves as
select ev.body ->> '$.agent.key' as agent, q.value as queue from ev, json_each(body, '$.agent.queues') q
where ev.type = 'AgentConfigured';

-- who is in line: in a queue's, and in that of all, which goes on from one queue to the next
create temp table on_line as
select * from every_stay s where i not in (select i from apart)
  or exists (select 1 from ev r where r.i = s.i and r.n < s.n and r.type = 'InteractionAnswered');
create temp table line as
select i, n, us, since, 1 as d, 'queue' as dimension, queue as key from on_line
union all select i, done, over_us, null, -1, 'queue', queue from on_line where done is not null
union all select i, n, us, since, 1, 'centre', '' from on_line
union all select i, done, over_us, null, -1, 'centre', '' from on_line
  where over_type in ('InteractionAnswered', 'InteractionEnded')
union all select i, done, over_us, null, -1, 'centre', '' from on_line where over_type = 'InteractionLeftQueue'
  and not (over_reason = 'overflow' and over_to = '') and (over_to = '' or substr(over_to, 1, 1) = '*')
union all select e.i, e.n, e.us, null, -1, 'centre', '' from ev e
  where e.type in ('InteractionEnded', 'VoicemailStarted')
    and exists (select 1 from on_line s where s.i = e.i and s.n < e.n);
create temp table crowd as
select * from (select *, lag(d, 1, -1) over (partition by dimension, key, i order by n, d) as before from line)
where d != before;
create temp table waits_now as
select * from (select *, row_number() over (partition by dimension, key, i order by n desc, d desc) as nth from line)
where nth = 1 and d = 1;
"""
