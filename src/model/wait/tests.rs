use super::*;

const ALL: [State; 10] = [
    State::Landed,
    State::Cancelled,
    State::Done,
    State::Stopped,
    State::Active,
    State::Elsewhere,
    State::Held,
    State::Ready,
    State::Waiting,
    State::Lost,
];

fn rows_of(states: &[Option<State>]) -> Vec<Row> {
    let row = |(at, state): (usize, &Option<State>)| Row {
        id: format!("T{at}").parse().unwrap(),
        state: *state,
        proof: None,
        report: None,
    };
    states.iter().enumerate().map(row).collect()
}

fn answered(goal: Goal, states: &[State]) -> Answer {
    answer(goal, &rows_of(&states.iter().copied().map(Some).collect::<Vec<_>>()))
}

fn never_of(places: &[usize]) -> Answer {
    Answer::Never(places.iter().map(|at| format!("T{at}").parse().unwrap()).collect())
}

#[test]
fn done_and_landed_take_all_and_a_stopped_worker_ends_the_waiting() {
    use State::{Active, Cancelled, Done, Landed, Lost, Ready, Stopped};
    let cases = [
        (Goal::Done, &[][..], Answer::Reached),
        (Goal::Done, &[Done, Landed], Answer::Reached),
        (Goal::Done, &[Done, Active], Answer::NotYet),
        (Goal::Done, &[Done, Stopped], Answer::Stopped),
        (Goal::Done, &[Active, Stopped, Cancelled], Answer::Stopped),
        (Goal::Done, &[Done, Cancelled], never_of(&[1])),
        (Goal::Done, &[Lost, Active, Ready], never_of(&[0, 2])),
        (Goal::Landed, &[Done, Landed], Answer::NotYet),
        (Goal::Landed, &[Landed, Landed], Answer::Reached),
        (Goal::Landed, &[Landed, Stopped], Answer::Stopped),
    ];
    for (goal, states, expected) in cases {
        assert_eq!(answered(goal, states), expected, "{goal:?} {states:?}");
    }
}

#[test]
fn stopped_and_any_take_one() {
    use State::{Active, Cancelled, Done, Landed, Lost, Stopped};
    let cases = [
        (Goal::Stopped, &[Active, Stopped][..], Answer::Reached),
        (Goal::Stopped, &[Done, Landed], Answer::NotYet),
        (Goal::Stopped, &[Landed, Cancelled], never_of(&[0, 1])),
        (Goal::Stopped, &[], never_of(&[])),
        (Goal::Any, &[Active, Done], Answer::Reached),
        (Goal::Any, &[Active, Stopped], Answer::Reached),
        (Goal::Any, &[Landed, Lost], Answer::Reached),
        (Goal::Any, &[Active, Cancelled], Answer::NotYet),
        (Goal::Any, &[Lost, Cancelled], never_of(&[0, 1])),
        (Goal::Any, &[], never_of(&[])),
    ];
    for (goal, states, expected) in cases {
        assert_eq!(answered(goal, states), expected, "{goal:?} {states:?}");
    }
}

/// Nothing waits for what cannot come, and nothing that holds is out.
#[test]
fn every_state_alone_has_an_answer() {
    for goal in [Goal::Done, Goal::Landed, Goal::Stopped, Goal::Any] {
        for state in ALL {
            let answer = answered(goal, &[state]);
            assert_eq!(answer == Answer::Reached, goal.holds(state), "{goal:?} {state:?}");
            let waits = matches!(state, State::Active | State::Done | State::Stopped | State::Elsewhere);
            assert!(answer != Answer::NotYet || waits, "{goal:?} {state:?}");
        }
        assert_eq!(answer(goal, &rows_of(&[None])), never_of(&[0]), "{goal:?}");
    }
}

#[test]
fn what_keeps_it_is_told_with_a_remedy_for_each() {
    let rows = rows_of(&[Some(State::Cancelled), Some(State::Ready), None]);
    let ids: Vec<TaskId> = rows.iter().map(|row| row.id.clone()).collect();
    let failure = never(Goal::Landed, &rows, &ids);
    assert_eq!(
        failure.what,
        "task 'T0' is cancelled: it will not land\ntask 'T1' is no longer started: it will not land\n\
         task 'T2' is no longer known: it will not land"
    );
    assert_eq!((failure.exit, failure.hints.len()), (Exit::Refused, 3));
    assert!(never(Goal::Any, &[], &[]).what.starts_with("no task is being worked on"));
}
