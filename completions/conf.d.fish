# git-dispatch: parallel work in git worktrees
#
# Lets fish complete 'git dispatch' as it completes 'git-dispatch': fish 3.6 asks for no file of the subcommand's.

# Prints what may stand behind 'git ... dispatch ...'; a 'git -C DIR' before it goes along.
function __git_dispatch_from_git
    set -l words (commandline -opc)[2..-1]
    set -l dir
    while set -q words[1]; and test "$words[1]" != dispatch
        if contains -- $words[1] -C -c --git-dir --work-tree --namespace
            test "$words[1]" = -C; and set -a dir $words[1..2]
            set -e words[1]
        end
        set -e words[1]
    end
    # The line is only asked about, never run: each word goes into it quoted.
    complete -C (string join ' ' -- git-dispatch (string escape -- $dir $words[2..-1]) (commandline -ct))
end

complete -c git -n __fish_git_needs_command -a dispatch -d 'Plan, start and follow parallel work in git worktrees'
complete -c git -f -n '__fish_git_using_command dispatch' -a '(__git_dispatch_from_git)'
