# git-dispatch: parallel work in git worktrees
#
# bash completion for 'git dispatch' and 'git-dispatch'. bash-completion loads this file by its name
# (bash-completion/completions/git-dispatch), also when git's own completion asks for 'dispatch'.
# Sourcing it from ~/.bashrc works as well, before or after git's.

# Sets COMPREPLY to those of the other arguments that start with $1, each with a blank behind it.
__git_dispatch_offer ()
{
	local start=$1 one
	shift
	for one; do
		[[ $one == "$start"* ]] && COMPREPLY+=("$one ")
	done
}

# A word as typed, without its quotes; nothing in it is run or expanded but a leading '~/'.
__git_dispatch_unquoted ()
{
	local word=${1//[\'\"\\]/}
	[[ $word == '~/'* ]] && word=$HOME/${word:2}
	printf '%s' "$word"
}

# Prints 'ID<TAB>title' lines for the subcommand $1, from the repository that the line names.
__git_dispatch_ids ()
{
	local -a outer=()
	local one
	if [[ -n ${via_git-} ]]; then
		for one in ${__git_C_args:+"${__git_C_args[@]}"}; do
			outer+=("$(__git_dispatch_unquoted "$one")")
		done
		git ${outer:+"${outer[@]}"} ${__git_dir:+--git-dir="$(__git_dispatch_unquoted "$__git_dir")"} \
			dispatch ${where:+"${where[@]}"} complete-ids "$1"
	else
		git-dispatch ${where:+"${where[@]}"} complete-ids "$1"
	fi 2>/dev/null </dev/null
}

# Offers the task ids for the subcommand $1 that are not on the line yet.
__git_dispatch_tasks ()
{
	local id title
	while IFS=$'\t' read -r id title; do
		[[ " ${typed[*]-} " == *" $id "* ]] || __git_dispatch_offer "$cur" "$id"
	done < <(__git_dispatch_ids "$1")
}

__git_dispatch_flags ()
{
	local global="-C --file --json --color -q --quiet -v --verbose -h --help"
	case $1 in
	'') echo "$global -V --version" ;;
	plan) echo "--workers --phase --effort --what-if --calibrated --format $global" ;;
	start) echo "--ready --workers --batch --agent --force --stack --fresh --again --setup --no-setup --launch --in -n --dry-run $global" ;;
	launch) echo "--in -n --dry-run $global" ;;
	brief) echo "--format -o --output $global" ;;
	trust) echo "--list --revoke $global" ;;
	report) echo "--started --done --partial --blocked --done-when --pr --text --cost --session -n --dry-run $global" ;;
	check) echo "--hook $global" ;;
	wait) echo "--for --timeout $global" ;;
	review) echo "--approve --reject --accept --finding --critical --halt --resume --sufficient --insufficient --convergence --coverage --contradictions --tip --as -n --dry-run $global" ;;
	land) echo "--done --strategy --no-check --each --recheck --keep --force-state --push --resolve --continue --abort -n --dry-run --from-worktree $global" ;;
	drop) echo "--landed --trash --older-than -n --dry-run --from-worktree $global" ;;
	submit) echo "--draft --print -n --dry-run --from-worktree $global" ;;
	undo | restack) echo "-n --dry-run --from-worktree $global" ;;
	init | adopt) echo "-n --dry-run $global" ;;
	import) echo "--from --tag --all --break-cycles -o --output $global" ;;
	status) echo "--all --batch --matrix --order --porcelain -z --exit-code --watch --prompt --disk $global" ;;
	log) echo "-n --max-count --format $global" ;;
	install) echo "--agent --prefix -n --dry-run $global" ;;
	*) echo "$global" ;;
	esac
}

# Offers what may stand at $cur; expects cur, words and cword as git's completion sets them.
_git_dispatch ()
{
	local command='' value='' flags=true via_git='' word i=0
	local -a where=() typed=()
	COMPREPLY=()
	if [[ ${words[0]##*/} != git-dispatch ]]; then
		via_git=1
		i=${__git_cmd_idx:-1}
	fi
	while ((++i < cword)); do
		word=${words[i]}
		case $value:$word in
		?*:=) continue ;;
		-C:* | --file:*) where+=("$value" "$(__git_dispatch_unquoted "$word")") value='' ;;
		?*:*) value='' ;;
		:--) flags='' ;;
		:--file=*) where+=(--file "$(__git_dispatch_unquoted "${word#*=}")") ;;
		:-C?*) where+=(-C "$(__git_dispatch_unquoted "${word#-C}")") ;;
		:-C | :--file | :--color | :--workers | :--phase | :--effort | :--format | :--batch | :--agent | :--prefix | :--max-count | :--from | :--tag | :-o | :--output | :--partial | :--blocked | :--done-when | :--pr | :--text | :--cost | :--session | :--for | :--timeout | :--in | :--approve | :--reject | :--accept | :--finding | :--halt | :--sufficient | :--insufficient | :--convergence | :--coverage | :--contradictions | :--tip | :--as | :--older-than | :--strategy | :--resolve) value=$word ;;
		:-n) [[ $command == log ]] && value=$word ;;
		:-*) ;;
		*) if [[ -z $command ]]; then command=$word; else typed+=("$word"); fi ;;
		esac
	done
	case $value:$cur in
	?*:=) cur='' ;;
	:--*=*) value=${cur%%=*} cur=${cur#*=} ;;
	esac
	case $value in
	--color) __git_dispatch_offer "$cur" auto always never; return ;;
	--from) __git_dispatch_offer "$cur" beads taskmaster backlog actions json; return ;;
	--agent) [[ $command == install ]] && __git_dispatch_offer "$cur" claude codex; return ;;
	--for) __git_dispatch_offer "$cur" done landed stopped any; return ;;
	--approve) __git_dispatch_offer "$cur" start land; return ;;
	--strategy) __git_dispatch_offer "$cur" merge squash rebase ff; return ;;
	--resolve) __git_dispatch_tasks "$command"; return ;;
	--in) __git_dispatch_offer "$cur" here tmux zellij wezterm kitty print; return ;;
	--done-when) __git_dispatch_offer "$cur" yes no partial; return ;;
	--format)
		case $command in
		brief) __git_dispatch_offer "$cur" markdown json issue ;;
		log) __git_dispatch_offer "$cur" text json markdown ;;
		*) __git_dispatch_offer "$cur" text json markdown mermaid svg html dot ;;
		esac
		return
		;;
	?*) return ;; # a file or a folder: readline's own; or something that only the user knows
	esac
	if [[ $flags && $cur == -* ]]; then
		__git_dispatch_offer "$cur" $(__git_dispatch_flags "$command")
		return
	fi
	case $command in
	'') __git_dispatch_offer "$cur" init lint import plan why start adopt brief launch status wait report review land submit restack check log drop undo trust install demo ;;
	start | status | launch | wait | review | land | submit | drop) __git_dispatch_tasks "$command" ;;
	undo | report | restack | brief | log) ((${#typed[@]})) || __git_dispatch_tasks "$command" ;;
	adopt)
		((${#typed[@]})) && return # a branch or a folder
		__git_dispatch_tasks adopt
		;;
	why) ((${#typed[@]} > 1)) || __git_dispatch_tasks why ;;
	import | check) return ;; # a file or a folder
	esac
	# Nothing else stands here: no file names either.
	((${#COMPREPLY[@]})) || compopt +o bashdefault +o default 2>/dev/null || :
}

# The same for 'git-dispatch', which bash asks for without git's help.
__git_dispatch_main ()
{
	local cur words cword
	local __git_cmd_idx=0
	if declare -F _get_comp_words_by_ref >/dev/null; then
		_get_comp_words_by_ref -n =: cur words cword
	else
		cur=${COMP_WORDS[COMP_CWORD]} words=("${COMP_WORDS[@]}") cword=$COMP_CWORD
	fi
	_git_dispatch
}

complete -o bashdefault -o default -o nospace -F __git_dispatch_main git-dispatch 2>/dev/null ||
	complete -o default -o nospace -F __git_dispatch_main git-dispatch
