-- Every change of an order, by whoever made it, with the transaction that made it. Entries become visible when their
-- transaction commits, and have no place among the others before order_log_settle() gives them one.
CREATE TABLE order_log (
    transaction xid8 NOT NULL DEFAULT pg_current_xact_id(),
    entry bigint NOT NULL GENERATED ALWAYS AS IDENTITY,
    occurred_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    order_id bigint NOT NULL,
    -- The order before the change; null when it was placed.
    before_date date, before_state text, before_user_id bigint, before_username text, before_email text,
    -- The order after the change; null when it was deleted. Its user's name and address are null while they are those that
    -- `users` has: whoever places an order need not read them.
    after_date date, after_state text, after_user_id bigint, after_username text, after_email text,
    PRIMARY KEY (transaction, entry)
);

-- The entries with the users as they were.
CREATE VIEW order_log_entries AS
    SELECT transaction, entry, occurred_at, order_id,
        before_date, before_state, before_user_id, before_username, before_email,
        after_date, after_state, after_user_id,
        coalesce(after_username, username) AS after_username, coalesce(after_email, email) AS after_email
    FROM order_log LEFT JOIN users ON users.id = after_user_id AND after_username IS NULL;

-- The entries' positions, without gaps, in an order that agrees with that of their commits.
CREATE TABLE order_log_positions (
    position bigint PRIMARY KEY,
    transaction xid8 NOT NULL,
    entry bigint NOT NULL,
    -- On the last position of each batch: the transactions whose entries are settled.
    snapshot pg_snapshot
);
INSERT INTO order_log_positions VALUES (0, pg_current_xact_id(), 0, pg_current_snapshot());

-- Names this log: a cursor of another one is refused.
CREATE TABLE order_log_epoch (epoch bigint NOT NULL);
INSERT INTO order_log_epoch VALUES (hashtextextended(gen_random_uuid()::text, 0));

-- Gives a position to each entry that was committed since the last call, and tells how many there were. An entry is new
-- if its transaction was running at the snapshot of the last batch, or began after it; nobody waits for one that is
-- still running: it will be new when it commits. Calls of all nodes follow one another. Within a batch the entries are
-- in the order in which they were written, so that changes of one order, which lock it, are in the order of their commits.
-- Its plans are kept, also those that were made while the log was short: they must not read all of it when it is long.
CREATE FUNCTION order_log_settle() RETURNS bigint LANGUAGE plpgsql
    SET search_path FROM CURRENT SET enable_seqscan = off AS $$
DECLARE
    settled record;
    count bigint;
BEGIN
    PERFORM pg_advisory_xact_lock(478560413043);
    SELECT position, pg_snapshot_xmax(snapshot) AS xmax, ARRAY(SELECT pg_snapshot_xip(snapshot)) AS running
        INTO settled FROM order_log_positions ORDER BY position DESC LIMIT 1;
    INSERT INTO order_log_positions
        SELECT settled.position + row_number() OVER batch, transaction, entry,
            CASE WHEN lead(entry) OVER batch IS NULL THEN pg_current_snapshot() END
        FROM (
            SELECT transaction, entry FROM order_log WHERE transaction >= settled.xmax
            UNION ALL
            SELECT transaction, entry FROM order_log WHERE transaction = ANY (settled.running)
        ) AS new
        WINDOW batch AS (ORDER BY entry);
    GET DIAGNOSTICS count = ROW_COUNT;
    RETURN count;
END $$;

-- What a node does whenever it is woken, in one call: settles, notifies the other nodes if there was something to settle, and
-- reads the next entries, which its caller sees once their positions are committed. Calls follow one another anyway; a
-- notification in the transaction of a writer would make writers follow one another, too.
CREATE FUNCTION order_log_read(after bigint, count bigint, node text) RETURNS TABLE (
    "position" bigint, occurred_at bigint, order_id bigint,
    before_date text, before_state text, before_user_id bigint, before_username text, before_email text,
    after_date text, after_state text, after_user_id bigint, after_username text, after_email text,
    transaction text
) LANGUAGE plpgsql SET search_path FROM CURRENT
    SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off AS $$
#variable_conflict use_column
BEGIN
    IF order_log_settle() > 0 THEN
        PERFORM pg_notify('ordercast_order_log', node);
    END IF;
    RETURN QUERY
        SELECT next.position, (date_part('epoch', entries.occurred_at) * 1000)::bigint, entries.order_id,
            entries.before_date::text, entries.before_state, entries.before_user_id,
            entries.before_username, entries.before_email,
            entries.after_date::text, entries.after_state, entries.after_user_id,
            entries.after_username, entries.after_email,
            entries.transaction::text
        FROM (SELECT * FROM order_log_positions WHERE position > after ORDER BY position LIMIT count) AS next
            JOIN order_log_entries AS entries USING (transaction, entry)
        ORDER BY next.position;
END $$;

-- With the rights of its owner: a program that may write orders need not be allowed to write the log.
CREATE FUNCTION order_log_record() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
    -- An order that gets another id is another order.
    IF TG_OP = 'DELETE' OR TG_OP = 'UPDATE' AND OLD.id <> NEW.id THEN
        INSERT INTO order_log
            (order_id, before_date, before_state, before_user_id, before_username, before_email)
        SELECT OLD.id, OLD.date, OLD.state, OLD.user_id, username, email
        FROM (SELECT 1) AS one LEFT JOIN users ON id = OLD.user_id;
    END IF;
    IF TG_OP = 'UPDATE' AND OLD.id <> NEW.id THEN
        INSERT INTO order_log
            (order_id, after_date, after_state, after_user_id, after_username, after_email)
        SELECT NEW.id, NEW.date, NEW.state, NEW.user_id, username, email
        FROM (SELECT 1) AS one LEFT JOIN users ON id = NEW.user_id;
    END IF;
    IF TG_OP = 'UPDATE' AND OLD.id = NEW.id THEN
        INSERT INTO order_log
            (order_id, before_date, before_state, before_user_id, before_username, before_email,
             after_date, after_state, after_user_id, after_username, after_email)
        SELECT NEW.id,
            OLD.date, OLD.state, OLD.user_id, owner_before.username, owner_before.email,
            NEW.date, NEW.state, NEW.user_id, owner_after.username, owner_after.email
        FROM (SELECT 1) AS one
            LEFT JOIN users AS owner_before ON owner_before.id = OLD.user_id
            LEFT JOIN users AS owner_after ON owner_after.id = NEW.user_id;
    END IF;
    RETURN NULL;
END $$;

-- The same for an order that is placed, which happens most often. A full name does for it what the search path does for the
-- others, whose setting costs a fifth of the whole; and it leaves the user's name and address to those who read.
DO $migration$ BEGIN EXECUTE format($create$
    CREATE FUNCTION order_log_record_insert() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
    BEGIN
        INSERT INTO %1$I.order_log (order_id, after_date, after_state, after_user_id)
        VALUES (NEW.id, NEW.date, NEW.state, NEW.user_id);
        RETURN NULL;
    END $$
$create$, current_schema()); END $migration$;

-- Keeps the names and addresses that users had until now for the entries that were left without.
CREATE FUNCTION order_log_keep_users() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
    IF TG_OP = 'TRUNCATE' THEN
        UPDATE order_log SET after_username = username, after_email = email
        FROM users WHERE users.id = after_user_id AND after_username IS NULL;
    ELSIF TG_OP = 'DELETE' THEN
        UPDATE order_log SET after_username = username, after_email = email
        FROM former WHERE former.id = after_user_id AND after_username IS NULL;
    -- Programs may change other columns often: then the log is not looked at.
    ELSIF EXISTS (
        SELECT FROM former LEFT JOIN latter ON latter.id = former.id
        WHERE (former.username, former.email) IS DISTINCT FROM (latter.username, latter.email)
    ) THEN
        UPDATE order_log SET after_username = former.username, after_email = former.email
        FROM former LEFT JOIN latter ON latter.id = former.id
        WHERE former.id = after_user_id AND after_username IS NULL
            AND (former.username, former.email) IS DISTINCT FROM (latter.username, latter.email);
    END IF;
    RETURN NULL;
END $$;

CREATE FUNCTION order_log_record_truncate() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
    IF current_setting('transaction_isolation') <> 'read committed' THEN
        RAISE EXCEPTION 'orders can be truncated only in a transaction that is READ COMMITTED'
            USING HINT = 'Another one does not see every order that it removes, and the log would miss some. Use DELETE.';
    END IF;
    INSERT INTO order_log (order_id, before_date, before_state, before_user_id, before_username, before_email)
        SELECT orders.id, date, state, user_id, username, email
        FROM orders LEFT JOIN users ON users.id = user_id ORDER BY orders.id;
    RETURN NULL;
END $$;

-- Triggers fire in the order of their names. These come first, so that what other triggers change is told after what they
-- changed it for.
CREATE TRIGGER "00_order_log_insert" AFTER INSERT ON orders
    FOR EACH ROW EXECUTE FUNCTION order_log_record_insert();
CREATE TRIGGER "00_order_log_delete" AFTER DELETE ON orders
    FOR EACH ROW EXECUTE FUNCTION order_log_record();
CREATE TRIGGER "00_order_log_update" AFTER UPDATE ON orders
    FOR EACH ROW WHEN ((OLD.id, OLD.date, OLD.state, OLD.user_id) IS DISTINCT FROM (NEW.id, NEW.date, NEW.state, NEW.user_id))
    EXECUTE FUNCTION order_log_record();
CREATE TRIGGER "00_order_log_truncate" BEFORE TRUNCATE ON orders
    FOR EACH STATEMENT EXECUTE FUNCTION order_log_record_truncate();
CREATE TRIGGER "00_order_log_users_update" AFTER UPDATE ON users
    REFERENCING OLD TABLE AS former NEW TABLE AS latter FOR EACH STATEMENT EXECUTE FUNCTION order_log_keep_users();
CREATE TRIGGER "00_order_log_users_delete" AFTER DELETE ON users
    REFERENCING OLD TABLE AS former FOR EACH STATEMENT EXECUTE FUNCTION order_log_keep_users();
CREATE TRIGGER "00_order_log_users_truncate" BEFORE TRUNCATE ON users
    FOR EACH STATEMENT EXECUTE FUNCTION order_log_keep_users();
