using Portcullis.Access.Permissions;
using Portcullis.Access.Policies;

namespace Portcullis.Access.Decisions;

/// <summary>Yes or no, and why. The default value is a refusal.</summary>
/// <param name="Reason">Why.</param>
/// <param name="Permission">The permission that allows it, or that would if nothing stood above it.</param>
/// <param name="Rule">The rule that denies it.</param>
public readonly record struct Decision(DecisionReason Reason, Permission? Permission, GuardRail? Rule)
{
    /// <summary>Whether it is allowed. False for the default value.</summary>
    public bool IsAllowed => Reason == DecisionReason.Allowed;

    /// <summary>The reason's stable code.</summary>
    public string Code => DecisionReasons.Code(Reason);
}
