# git-dispatch: parallel work in git worktrees
#
# fish completion for 'git-dispatch'; conf.d.fish beside it lets 'git dispatch' use it.

# Prints the subcommand and the words behind it, one a line; with --where, the flags that say which task file.
function __git_dispatch_line
    set -l words (commandline -opc)[2..-1]
    set -l dir
    set -l file
    set -l rest
    set -l value
    for word in $words
        switch "$value $word"
            case '-C *'
                set dir (__git_dispatch_below "$dir" $word)
                set value
            case '--file *'
                set file $word
                set value
            case '-* *'
                set value
            case ' --file=*'
                set file (string replace -- --file= '' $word)
            case ' -C?*'
                set dir (__git_dispatch_below "$dir" (string sub -s 3 -- $word))
            case ' -C' ' --file' ' --color' ' --workers' ' --phase' ' --effort' ' --format' ' --batch' ' --prefix' ' --max-count' ' --from' ' --tag' ' -o' ' --output' ' --for' ' --timeout' ' --agent' ' --strategy' ' --resolve'
                set value $word
            case ' -n'
                test "$rest[1]" = log; and set value $word
            case ' -*'
            case '*'
                set -a rest $word
        end
    end
    if test "$argv[1]" = --where
        set -q dir[1]; and printf '%s\n' -C $dir
        set -q file[1]; and printf '%s\n' --file (string replace -r '^~/' -- "$HOME/" $file)
    else if set -q rest[1]
        printf '%s\n' $rest
    end
end

# Prints the folder $argv[2] as seen from $argv[1], as git reads one '-C' after another.
function __git_dispatch_below
    set -l dir (string replace -r '^~/' -- "$HOME/" $argv[2])
    string match -q '/*' -- $dir; or test -z "$argv[1]"; or set dir $argv[1]/$dir
    printf '%s\n' $dir
end

function __git_dispatch_needs_command
    test -z (__git_dispatch_line)[1]
end

function __git_dispatch_using
    contains -- "$(__git_dispatch_line)[1]" $argv
end

# Prints the task ids for the subcommand $argv[1] with their titles, but those already on the line.
function __git_dispatch_tasks
    set -l typed (__git_dispatch_line)[2..-1]
    set -l where (__git_dispatch_line --where)
    for task in (command git-dispatch $where complete-ids $argv[1] 2>/dev/null </dev/null)
        contains -- (string split -f 1 \t -- $task) $typed; or printf '%s\n' $task
    end
end

function __git_dispatch_why
    if test (count (__git_dispatch_line)) -lt 3
        __git_dispatch_tasks why
    end
end

function __git_dispatch_one
    if test (count (__git_dispatch_line)) -lt 2
        __git_dispatch_tasks $argv[1]
    end
end

function __git_dispatch_adopt
    if test (count (__git_dispatch_line)) -lt 2
        __git_dispatch_tasks adopt
    else
        set -l dir (__git_dispatch_line --where)
        test "$dir[1]" = -C; and set dir $dir[1..2]; or set dir
        command git $dir for-each-ref --format='%(refname:short)%09branch' refs/heads 2>/dev/null
        __fish_complete_directories (commandline -ct) worktree
    end
end

complete -c git-dispatch -f

complete -c git-dispatch -n __git_dispatch_needs_command -a init -d 'Write a commented dispatch.toml to start from'
complete -c git-dispatch -n __git_dispatch_needs_command -a lint -d 'Check the task file and tell every fault at once'
complete -c git-dispatch -n __git_dispatch_needs_command -a import -d 'Write a task file from the tasks of another tool'
complete -c git-dispatch -n __git_dispatch_needs_command -a plan -d 'Show which tasks can start now, side by side'
complete -c git-dispatch -n __git_dispatch_needs_command -a why -d 'Tell why a task waits, or two may not run side by side'
complete -c git-dispatch -n __git_dispatch_needs_command -a start -d 'Create branches and worktrees for tasks'
complete -c git-dispatch -n __git_dispatch_needs_command -a adopt -d 'Take an existing branch or worktree as a task\'s'
complete -c git-dispatch -n __git_dispatch_needs_command -a brief -d 'Print the text that a worker starts from'
complete -c git-dispatch -n __git_dispatch_needs_command -a launch -d 'Open a session for the worker of each task'
complete -c git-dispatch -n __git_dispatch_needs_command -a status -d 'Show how far the started tasks are, and what merges'
complete -c git-dispatch -n __git_dispatch_needs_command -a wait -d 'Sleep until tasks are done, stopped or landed'
complete -c git-dispatch -n __git_dispatch_needs_command -a report -d 'Say how far a task is: begun, done, stopped'
complete -c git-dispatch -n __git_dispatch_needs_command -a review -d 'Approve, reject, or halt what workers did'
complete -c git-dispatch -n __git_dispatch_needs_command -a land -d 'Bring finished tasks home, tested together'
complete -c git-dispatch -n __git_dispatch_needs_command -a restack -d 'Put a stacked task on what its needs are now'
complete -c git-dispatch -n __git_dispatch_needs_command -a submit -d 'Push what is done, and open pull requests for it'
complete -c git-dispatch -n __git_dispatch_needs_command -a check -d 'Tell whether paths are being changed by another task'
complete -c git-dispatch -n __git_dispatch_needs_command -a log -d 'Show the batches that were started'
complete -c git-dispatch -n __git_dispatch_needs_command -a drop -d 'Move worktrees and branches of tasks to the trash'
complete -c git-dispatch -n __git_dispatch_needs_command -a undo -d 'Take back a start, a landing or a removal'
complete -c git-dispatch -n __git_dispatch_needs_command -a trust -d 'Approve the commands of the task file'
complete -c git-dispatch -n __git_dispatch_needs_command -a install -d 'Put man pages, completions or an agent\'s skill in place'
complete -c git-dispatch -n __git_dispatch_needs_command -a demo -d 'Make a small repository and walk through the main job in it'

complete -c git-dispatch -s C -x -a '(__fish_complete_directories)' -d 'Run as if started in a folder'
complete -c git-dispatch -l file -r -F -d 'Read this task file instead of the repository\'s own'
complete -c git-dispatch -l json -d 'Print JSON'
complete -c git-dispatch -l color -x -a 'auto always never' -d 'When to colour'
complete -c git-dispatch -s q -l quiet -d 'Print only the answer, warnings and errors'
complete -c git-dispatch -s v -l verbose -d 'Tell more'
complete -c git-dispatch -s h -l help -d 'Print help'
complete -c git-dispatch -n __git_dispatch_needs_command -s V -l version -d 'Print version'

complete -c git-dispatch -n '__git_dispatch_using import check' -F
complete -c git-dispatch -n '__git_dispatch_using import' -l from -x -a 'beads taskmaster backlog actions json' -d 'What to read'
complete -c git-dispatch -n '__git_dispatch_using import' -s o -l output -r -F -d 'Write a new file instead of standard output'
complete -c git-dispatch -n '__git_dispatch_using import' -l all -d 'Take what is done or cancelled too'
complete -c git-dispatch -n '__git_dispatch_using import' -l tag -x -d 'Take the tasks of a tag'
complete -c git-dispatch -n '__git_dispatch_using import' -l break-cycles -d 'Leave out needs that close a circle'
complete -c git-dispatch -n '__git_dispatch_using plan' -l effort -x -d 'Search this many times as long'
complete -c git-dispatch -n '__git_dispatch_using plan' -l what-if -d 'Show what other numbers of workers would make of it'
complete -c git-dispatch -n '__git_dispatch_using plan' -l phase -x -d 'Prefer tasks of a phase'
complete -c git-dispatch -n '__git_dispatch_using plan' -l calibrated -d 'Plan with estimates times what tasks took so far'
complete -c git-dispatch -n '__git_dispatch_using plan' -l format -x -a 'text json markdown mermaid svg html dot' -d 'Answer in a format'
complete -c git-dispatch -n '__git_dispatch_using brief' -l format -x -a 'markdown json issue' -d 'Answer in a format'
complete -c git-dispatch -n '__git_dispatch_using brief' -s o -l output -r -F -d 'Write a new file instead of standard output'
complete -c git-dispatch -n '__git_dispatch_using plan start' -l workers -x -d 'Plan for this many workers'
complete -c git-dispatch -n '__git_dispatch_using start' -l ready -d 'Start what \'plan\' would start'
complete -c git-dispatch -n '__git_dispatch_using start' -l batch -x -d 'Name the batch'
complete -c git-dispatch -n '__git_dispatch_using start' -l agent -x -d 'For a worker of the task file'
complete -c git-dispatch -n '__git_dispatch_using start' -l force -d 'Start past needs, overlapping paths and gates'
complete -c git-dispatch -n '__git_dispatch_using start' -l stack -d 'Start tasks on needs that are reported done'
complete -c git-dispatch -n '__git_dispatch_using start' -l fresh -d 'Begin anew with tasks that have stopped, on a branch beside'
complete -c git-dispatch -n '__git_dispatch_using start' -l again -d 'Start tasks again that have landed'
complete -c git-dispatch -n '__git_dispatch_using start' -l setup -d 'Copy files and run the setup command again'
complete -c git-dispatch -n '__git_dispatch_using start' -l no-setup -d 'Do not run the setup command'
complete -c git-dispatch -n '__git_dispatch_using start' -l launch -d 'Open a session for the worker of each'
complete -c git-dispatch -n '__git_dispatch_using start launch' -l in -x -a 'here tmux zellij wezterm kitty print' -d 'Where to open sessions'
complete -c git-dispatch -n '__git_dispatch_using status' -l all -d 'Show every task that ever started'
complete -c git-dispatch -n '__git_dispatch_using status' -l batch -x -d 'Show the tasks of one batch'
complete -c git-dispatch -n '__git_dispatch_using status' -l disk -d 'Show what worktrees and trash take on disk'
complete -c git-dispatch -n '__git_dispatch_using status' -l order -d 'Show in which order done tasks would land'
complete -c git-dispatch -n '__git_dispatch_using status' -l matrix -d 'Show who does not merge with whom, as a square'
complete -c git-dispatch -n '__git_dispatch_using status' -l porcelain -d 'Answer in lines for scripts'
complete -c git-dispatch -n '__git_dispatch_using status' -s z -d 'End the lines of --porcelain with NUL'
complete -c git-dispatch -n '__git_dispatch_using status' -l exit-code -d 'Exit with 1 unless all shown merge into the target'
complete -c git-dispatch -n '__git_dispatch_using status' -l watch -d 'Keep showing it, until q is pressed'
complete -c git-dispatch -n '__git_dispatch_using status' -l prompt -d 'Print a short segment for a shell prompt'
complete -c git-dispatch -n '__git_dispatch_using check' -l hook -d 'Read the path from what an agent tells its hook'
complete -c git-dispatch -n '__git_dispatch_using wait' -l for -x -a 'done landed stopped any' -d 'What to wait for'
complete -c git-dispatch -n '__git_dispatch_using wait' -l timeout -x -d 'Give up after this long'
complete -c git-dispatch -n '__git_dispatch_using log' -s n -l max-count -x -d 'Show the newest batches only'
complete -c git-dispatch -n '__git_dispatch_using log' -l format -x -a 'text json markdown' -d 'Answer in a format'
complete -c git-dispatch -n '__git_dispatch_using install' -l agent -x -a 'claude codex' -d 'Put the skill for a coding agent in place'
complete -c git-dispatch -n '__git_dispatch_using install' -l prefix -x -a '(__fish_complete_directories)' -d 'Put them below a folder'
complete -c git-dispatch -n '__git_dispatch_using trust' -l list -d 'List the commands, and ask nothing'
complete -c git-dispatch -n '__git_dispatch_using trust' -l revoke -d 'Take back every approval for this repository'
complete -c git-dispatch -n '__git_dispatch_using land submit drop undo restack' -l from-worktree -d 'Act although this is the worktree of a task'
complete -c git-dispatch -n '__git_dispatch_using submit' -l draft -d 'Open pull requests as drafts'
complete -c git-dispatch -n '__git_dispatch_using submit' -l print -d 'Push, and print the page that opens the pull request'
complete -c git-dispatch -n '__git_dispatch_using report' -l started -d 'Work has begun'
complete -c git-dispatch -n '__git_dispatch_using report' -l done -d 'All of it is done and committed'
complete -c git-dispatch -n '__git_dispatch_using report' -l partial -x -d 'Only a part is done'
complete -c git-dispatch -n '__git_dispatch_using report' -l blocked -x -d 'Something is needed to go on'
complete -c git-dispatch -n '__git_dispatch_using report' -l done-when -x -a 'yes no partial' -d 'Whether what the task wants holds'
complete -c git-dispatch -n '__git_dispatch_using report' -l pr -x -d 'The pull request'
complete -c git-dispatch -n '__git_dispatch_using report' -l text -r -F -d 'What else there is to say'
complete -c git-dispatch -n '__git_dispatch_using report' -l cost -x -d 'What it cost'
complete -c git-dispatch -n '__git_dispatch_using report' -l session -x -d 'The name of the session'
complete -c git-dispatch -n '__git_dispatch_using review' -l approve -x -a 'start land' -d 'Open a gate'
complete -c git-dispatch -n '__git_dispatch_using review' -l reject -x -d 'It may not go on as it is'
complete -c git-dispatch -n '__git_dispatch_using review' -l accept -x -d 'What was reported is enough to land'
complete -c git-dispatch -n '__git_dispatch_using review' -l finding -x -d 'Something is to be addressed before it lands'
complete -c git-dispatch -n '__git_dispatch_using review' -l critical -d 'It counts only where all reviewers say so'
complete -c git-dispatch -n '__git_dispatch_using review' -l halt -x -d 'Let nothing of it start, be launched or land'
complete -c git-dispatch -n '__git_dispatch_using review' -l resume -d 'Let what was halted go on'
complete -c git-dispatch -n '__git_dispatch_using review' -l sufficient -x -d 'Close a batch of research: it is enough'
complete -c git-dispatch -n '__git_dispatch_using review' -l insufficient -x -d 'Close a batch of research: it is not enough'
complete -c git-dispatch -n '__git_dispatch_using review' -l convergence -x -d 'What the tracks agree on'
complete -c git-dispatch -n '__git_dispatch_using review' -l coverage -x -d 'What they covered'
complete -c git-dispatch -n '__git_dispatch_using review' -l contradictions -x -d 'Where they contradict each other'
complete -c git-dispatch -n '__git_dispatch_using review' -l tip -x -d 'Only if its branch is at this commit'
complete -c git-dispatch -n '__git_dispatch_using review' -l as -x -d 'Whose word it is'
complete -c git-dispatch -n '__git_dispatch_using init start adopt launch land submit drop undo report review restack install' -s n -l dry-run -d 'Tell what would be done, and do nothing'

complete -c git-dispatch -n '__git_dispatch_using start' -a '(__git_dispatch_tasks start)'
complete -c git-dispatch -n '__git_dispatch_using review' -a '(__git_dispatch_tasks review)'
complete -c git-dispatch -n '__git_dispatch_using status' -a '(__git_dispatch_tasks status)'
complete -c git-dispatch -n '__git_dispatch_using wait' -a '(__git_dispatch_tasks wait)'
complete -c git-dispatch -n '__git_dispatch_using launch' -a '(__git_dispatch_tasks launch)'
complete -c git-dispatch -n '__git_dispatch_using submit' -a '(__git_dispatch_tasks submit)'
complete -c git-dispatch -n '__git_dispatch_using land' -l done -d 'Land all that is reported done'
complete -c git-dispatch -n '__git_dispatch_using land' -l strategy -x -a 'merge squash rebase ff' -d 'How commits get onto the target'
complete -c git-dispatch -n '__git_dispatch_using land' -l no-check -d 'Land without running the check'
complete -c git-dispatch -n '__git_dispatch_using land' -l each -d 'Check after every task, and not all at once'
complete -c git-dispatch -n '__git_dispatch_using land' -l recheck -d 'Check also what was checked before'
complete -c git-dispatch -n '__git_dispatch_using land' -l keep -d 'Leave worktrees and branches where they are'
complete -c git-dispatch -n '__git_dispatch_using land' -l force-state -d 'Land also what is not reported done'
complete -c git-dispatch -n '__git_dispatch_using land' -l push -d 'Push the target after the landing'
complete -c git-dispatch -n '__git_dispatch_using land' -l resolve -x -a '(__git_dispatch_tasks land)' -d 'Merge the target into the worktree of a task'
complete -c git-dispatch -n '__git_dispatch_using land' -l continue -d 'Land what was resolved'
complete -c git-dispatch -n '__git_dispatch_using land' -l abort -d 'Take back what was merged to be resolved'
complete -c git-dispatch -n '__git_dispatch_using land' -a '(__git_dispatch_tasks land)'
complete -c git-dispatch -n '__git_dispatch_using drop' -l landed -d 'Drop all that has landed, but for what holds something'
complete -c git-dispatch -n '__git_dispatch_using drop' -l trash -d 'Remove for good what was dropped long enough ago'
complete -c git-dispatch -n '__git_dispatch_using drop' -l older-than -x -d 'Take only what is as old as this'
complete -c git-dispatch -n '__git_dispatch_using drop' -a '(__git_dispatch_tasks drop)'
complete -c git-dispatch -n '__git_dispatch_using undo' -a '(__git_dispatch_one undo)'
complete -c git-dispatch -n '__git_dispatch_using log' -a '(__git_dispatch_one log)'
complete -c git-dispatch -n '__git_dispatch_using report' -a '(__git_dispatch_one report)'
complete -c git-dispatch -n '__git_dispatch_using restack' -a '(__git_dispatch_one restack)'
complete -c git-dispatch -n '__git_dispatch_using brief' -a '(__git_dispatch_one brief)'
complete -c git-dispatch -n '__git_dispatch_using why' -a '(__git_dispatch_why)'
complete -c git-dispatch -n '__git_dispatch_using adopt' -a '(__git_dispatch_adopt)'
