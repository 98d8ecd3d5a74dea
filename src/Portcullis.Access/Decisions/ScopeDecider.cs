using Portcullis.Access.Permissions;
using Portcullis.Access.Policies;

namespace Portcullis.Access.Decisions;

/// <summary>
/// The decision about one word, where no Git request is: for forward authentication, the registry's tokens, <c>explain</c> and policy tests. As <see cref="Decider"/>'s it is pure, and a question that nobody gives an answer to
/// is refused.
/// </summary>
public static class ScopeDecider
{
    /// <summary>Decides.</summary>
    /// <param name="permissions">What is allowed; together they must give all that the word opens.</param>
    /// <param name="policy">The policy in force; its rules count here.</param>
    /// <param name="ceiling">What the permissions can't exceed, or null for no such limit.</param>
    /// <param name="asked">A scope of another service, or a permission that stands for one.</param>
    public static Decision Decide(PermissionSet permissions, AccessPolicy policy, PermissionSet? ceiling, ScopeWord asked)
    {
        if (!permissions.Covers(asked))
        {
            return new Decision(DecisionReason.ScopeMissing, null, null);
        }
        if (ceiling is not null && !ceiling.Covers(asked))
        {
            return new Decision(DecisionReason.AboveCeiling, null, null);
        }
        return policy.Rules.FirstOrDefault(rule => rule.Denies(asked)) is { } rule
            ? new Decision(DecisionReason.DeniedByRule, null, rule)
            : new Decision(DecisionReason.Allowed, null, null);
    }

    /// <summary>Says why: what each word and each rule about it contributes. It decides nothing itself.</summary>
    /// <inheritdoc cref="Decide"/>
    public static (Decision Decision, IReadOnlyList<ExplanationLine> Lines) Explain(PermissionSet permissions, AccessPolicy policy, PermissionSet? ceiling, ScopeWord asked)
    {
        var decision = Decide(permissions, policy, ceiling, asked);
        var lines = new List<ExplanationLine>();
        foreach (var word in permissions.Words)
        {
            var gives = PermissionSet.OfWords(word).Covers(asked);
            lines.Add(new($"{word}{(word.Origin is null ? "" : $" ({word.Origin})")}: {(gives ? "gives it" : "does not give it")}", gives && decision.IsAllowed));
        }
        if (decision.Reason == DecisionReason.ScopeMissing)
        {
            lines.Add(new(permissions.IsEmpty ? "there are no permissions" : "nothing gives all of it", true));
        }
        else if (decision.IsAllowed && !lines.Exists(line => line.IsDecisive))
        {
            lines.Add(new("together they give it", true));
        }
        lines.AddRange((ceiling?.Words ?? []).Select(word => new ExplanationLine($"ceiling {word}", false)));
        if (decision.Reason == DecisionReason.AboveCeiling)
        {
            lines.Add(new("the ceiling of the token's issuer does not reach so far", true));
        }
        lines.AddRange(policy.Rules.Where(rule => rule.Denies(asked)).Select(rule => new ExplanationLine($"rule {rule}: denies it", ReferenceEquals(rule, decision.Rule))));
        return (decision, lines);
    }
}
