-- Every committed change of an order, in commit order: SQLite has one writer at a time, so the row's number is its
-- position. Programs that do not enforce foreign keys may leave an order without its user; its names are then null.
-- Filled by triggers, so that no writer goes around it; they use nothing newer than SQLite 3.15, because they
-- run in the library of the program that writes.
CREATE TABLE order_log (
    position INTEGER PRIMARY KEY AUTOINCREMENT,
    -- Milliseconds since 1970-01-01T00:00:00Z.
    occurred_at BIGINT NOT NULL,
    order_id BIGINT NOT NULL,
    -- The order before the change; null when it was placed.
    before_date date_text, before_state TEXT, before_user_id BIGINT, before_username TEXT, before_email TEXT,
    -- The order after the change; null when it was deleted.
    after_date date_text, after_state TEXT, after_user_id BIGINT, after_username TEXT, after_email TEXT
);

-- Names this log: a cursor of another one is refused.
CREATE TABLE order_log_epoch (epoch BIGINT NOT NULL);
INSERT INTO order_log_epoch VALUES (random());

-- REPLACE deletes the order that is in the way, and runs no delete trigger unless the program asks for it. Before each
-- insert this notes such an order; after it, if it was made, the order's deletion is logged.
CREATE TABLE order_log_replaced (
    id INTEGER PRIMARY KEY,
    date date_text NOT NULL, state TEXT NOT NULL, user_id BIGINT NOT NULL
);

CREATE TRIGGER order_log_replace BEFORE INSERT ON orders WHEN EXISTS (SELECT 1 FROM orders WHERE id = NEW.id) BEGIN
    INSERT OR REPLACE INTO order_log_replaced SELECT id, date, state, user_id FROM orders WHERE id = NEW.id;
END;

CREATE TRIGGER order_log_insert AFTER INSERT ON orders BEGIN
    INSERT INTO order_log
        (occurred_at, order_id, before_date, before_state, before_user_id, before_username, before_email)
    SELECT CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER),
        replaced.id, date, state, user_id, username, email
    FROM order_log_replaced AS replaced LEFT JOIN users ON users.id = user_id WHERE replaced.id = NEW.id;
    DELETE FROM order_log_replaced WHERE id = NEW.id;
    INSERT INTO order_log
        (occurred_at, order_id, after_date, after_state, after_user_id, after_username, after_email)
    SELECT CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER),
        NEW.id, NEW.date, NEW.state, NEW.user_id, username, email
    FROM (SELECT 1) LEFT JOIN users ON id = NEW.user_id;
END;

CREATE TRIGGER order_log_delete AFTER DELETE ON orders BEGIN
    DELETE FROM order_log_replaced WHERE id = OLD.id;
    INSERT INTO order_log
        (occurred_at, order_id, before_date, before_state, before_user_id, before_username, before_email)
    SELECT CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER),
        OLD.id, OLD.date, OLD.state, OLD.user_id, username, email
    FROM (SELECT 1) LEFT JOIN users ON id = OLD.user_id;
END;

CREATE TRIGGER order_log_update AFTER UPDATE ON orders
WHEN OLD.id = NEW.id
    AND (OLD.date, OLD.state, OLD.user_id) IS NOT (NEW.date, NEW.state, NEW.user_id)
BEGIN
    INSERT INTO order_log
        (occurred_at, order_id,
         before_date, before_state, before_user_id, before_username, before_email,
         after_date, after_state, after_user_id, after_username, after_email)
    SELECT CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER), NEW.id,
        OLD.date, OLD.state, OLD.user_id, owner_before.username, owner_before.email,
        NEW.date, NEW.state, NEW.user_id, owner_after.username, owner_after.email
    FROM (SELECT 1)
        LEFT JOIN users AS owner_before ON owner_before.id = OLD.user_id
        LEFT JOIN users AS owner_after ON owner_after.id = NEW.user_id;
END;

-- An order that gets another id is another order.
CREATE TRIGGER order_log_rename AFTER UPDATE ON orders WHEN OLD.id <> NEW.id BEGIN
    INSERT INTO order_log
        (occurred_at, order_id, before_date, before_state, before_user_id, before_username, before_email)
    SELECT CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER),
        OLD.id, OLD.date, OLD.state, OLD.user_id, username, email
    FROM (SELECT 1) LEFT JOIN users ON id = OLD.user_id;
    INSERT INTO order_log
        (occurred_at, order_id, after_date, after_state, after_user_id, after_username, after_email)
    SELECT CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER),
        NEW.id, NEW.date, NEW.state, NEW.user_id, username, email
    FROM (SELECT 1) LEFT JOIN users ON id = NEW.user_id;
END;
