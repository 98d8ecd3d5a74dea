using Portcullis.Access.Policies;
using Portcullis.Gateway;
using Portcullis.Server.Configuration.Policies;

namespace Portcullis.Server.Hosting;

/// <summary>Gives the gateway whatever policy is in force.</summary>
internal sealed class PolicySource(PolicyFile file) : IAccessPolicySource
{
    /// <inheritdoc/>
    public AccessPolicy Current => file.Current;
}
