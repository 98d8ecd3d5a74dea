using Portcullis.Access.Permissions;

namespace Portcullis.Access.Policies;

/// <summary>What one binding of the policy gives to someone, and why it means them: for people who ask.</summary>
/// <param name="Role">The role.</param>
/// <param name="Binding">Where the binding is written.</param>
/// <param name="Subjects">The binding's subjects that mean them, as written.</param>
/// <param name="Permissions">What it gives, each with the line of the role that it comes from.</param>
public sealed record BoundPermissions(string Role, SourceLocation Binding, IReadOnlyList<string> Subjects, PermissionSet Permissions);
