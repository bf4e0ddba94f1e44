//! The order log under writers of every kind: what followers are told is what was committed, once, in order, whoever wrote
//! it, however it went.
//!
//! `ORDERCAST_TEST_SCALE` multiplies the work of the randomised tests; it is 1 where it is not set.

#[path = "../trials/mod.rs"]
#[macro_use]
mod trials;
#[path = "../storage/mod.rs"]
mod storage;

mod adversaries;
mod followers;
mod limits;
mod lost_connections;
mod newest;
mod open_transactions;
mod plain_sql;
mod readers;
mod support;
mod writers;

use adversaries::every_node_tells_what_was_committed_once_and_in_order;
use limits::{
    a_cursor_older_than_what_is_kept_is_refused_with_the_range,
    a_follower_that_fell_out_of_memory_is_told_everything_by_the_database,
    an_order_that_is_kept_for_its_age_is_kept_whole, many_changes_in_one_transaction_are_told_in_time,
};
use lost_connections::followers_stay_through_lost_connections_and_miss_nothing;
use newest::{
    a_newest_order_that_went_and_came_back_is_not_told_again,
    the_newest_order_of_each_scope_ends_on_the_truth_and_never_repeats,
};
use open_transactions::{
    a_transaction_that_stays_open_holds_up_nobody, an_order_that_stays_locked_holds_up_no_follower,
};
use plain_sql::{
    a_change_that_changes_nothing_is_no_event, a_change_that_was_rolled_back_is_no_event,
    a_program_that_may_only_write_orders_is_told_of, a_program_with_another_search_path_is_told_of,
    a_replaced_order_is_gone_from_its_former_owner, a_truncation_in_a_repeatable_read_deletes_every_order,
    a_truncation_is_the_deletion_of_every_order, an_event_tells_of_the_user_as_it_was,
    an_order_that_gets_another_id_is_deleted_and_placed, an_upsert_is_the_change_that_it_makes,
    every_change_by_plain_sql_is_an_event, many_orders_in_one_statement_are_an_event_each,
    what_a_trigger_of_another_program_changes_is_told_in_order,
};
use readers::{
    a_reader_who_follows_its_list_arrives_at_the_truth,
    the_position_of_a_quiet_log_is_that_of_the_last_change,
};

trials! {
    on_both: [
        every_change_by_plain_sql_is_an_event,
        a_change_that_changes_nothing_is_no_event,
        a_change_that_was_rolled_back_is_no_event,
        an_order_that_gets_another_id_is_deleted_and_placed,
        an_upsert_is_the_change_that_it_makes,
        many_orders_in_one_statement_are_an_event_each,
        an_event_tells_of_the_user_as_it_was,
        a_follower_that_fell_out_of_memory_is_told_everything_by_the_database,
        a_cursor_older_than_what_is_kept_is_refused_with_the_range,
        an_order_that_is_kept_for_its_age_is_kept_whole,
        a_reader_who_follows_its_list_arrives_at_the_truth,
        the_position_of_a_quiet_log_is_that_of_the_last_change,
        the_newest_order_of_each_scope_ends_on_the_truth_and_never_repeats,
        a_newest_order_that_went_and_came_back_is_not_told_again,
    ],
    on_sqlite: [a_replaced_order_is_gone_from_its_former_owner],
    on_postgres: [
        every_node_tells_what_was_committed_once_and_in_order,
        a_transaction_that_stays_open_holds_up_nobody,
        an_order_that_stays_locked_holds_up_no_follower,
        many_changes_in_one_transaction_are_told_in_time,
        followers_stay_through_lost_connections_and_miss_nothing,
        a_truncation_is_the_deletion_of_every_order,
        what_a_trigger_of_another_program_changes_is_told_in_order,
        a_truncation_in_a_repeatable_read_deletes_every_order,
        a_program_with_another_search_path_is_told_of,
        a_program_that_may_only_write_orders_is_told_of,
    ],
}
