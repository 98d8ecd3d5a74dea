using Portcullis.Access.Policies;

namespace Portcullis.Gateway;

/// <summary>Where the policy in force comes from: it changes while the program runs.</summary>
public interface IAccessPolicySource
{
    /// <summary>The policy in force now; never null.</summary>
    AccessPolicy Current { get; }
}
